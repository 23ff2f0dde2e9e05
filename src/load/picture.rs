//! Pictures: time to an answer over the rate, as a drawing for a page.

use super::page::escaped;
use super::summary::{RunSummary, StepSummary, shown};

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 400.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 44.0;
const TOP: f64 = 58.0;
const BOTTOM: f64 = 48.0;

/// Room that a label of a rate takes.
const LABEL: f64 = 52.0;

/// How wide a bar is.
const BAR: f64 = 6.0;

/// What is drawn, by class, name and shape of its marks.
const PERCENTILES: [Percentile; 3] =
    [("p50", |step| step.p50_ms), ("p90", |step| step.p90_ms), ("p99", |step| step.p99_ms)];

fn put(out: &mut String, text: &str) {
    out.push_str(text);
}

/// The class of a line, and what it shows.
type Percentile = (&'static str, fn(&StepSummary) -> Option<f64>);

/// Where a rate and a time lie in the drawing; rates on a scale of ratios.
struct Frame {
    lowest: f64,
    highest: f64,
    longest_ms: f64,
}

impl Frame {
    fn of(runs: &[&RunSummary]) -> Option<Self> {
        let rates = || runs.iter().flat_map(|run| run.steps.iter().map(|step| step.rate));
        let lowest = rates().min_by(f64::total_cmp)?;
        let highest = rates().max_by(f64::total_cmp)?;
        let times = runs.iter().flat_map(|run| run.steps.iter().filter_map(|step| step.p99_ms));
        let longest_ms = times.max_by(f64::total_cmp).unwrap_or(1.0);
        Some(Self { lowest, highest, longest_ms: tidy(longest_ms) })
    }

    fn x(&self, rate: f64) -> f64 {
        let whole = (self.highest / self.lowest).ln();
        let share = if whole > 0.0 { (rate / self.lowest).ln() / whole } else { 0.5 };
        LEFT + share * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, ms: f64) -> f64 {
        HEIGHT - BOTTOM - ms / self.longest_ms * (HEIGHT - TOP - BOTTOM)
    }
}

/// The next 1, 1.5, 2, 3 or 5 with zeros behind.
fn tidy(number: f64) -> f64 {
    let unit = 10.0_f64.powf(number.max(1e-3).log10().floor());
    [1.0, 1.5, 2.0, 3.0, 5.0, 10.0].map(|times| times * unit).into_iter().find(|tidy| *tidy >= number).unwrap_or(number)
}

/// Draws runs into a page; nothing where there is nothing to draw.
pub fn draw(out: &mut String, runs: &[&RunSummary]) {
    let Some(frame) = Frame::of(runs) else { return };
    let findings: Vec<String> = runs.iter().map(|run| escaped(&run.finding)).collect();
    let label = format!("Time to an answer over the rate; the tables have the figures. {}", findings.join(" "));
    put(out, &format!("<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{label}\">"));
    axes(out, &frame, runs);
    legend(out, runs.len() > 1);
    for (at, run) in runs.iter().enumerate() {
        let mut steps: Vec<&StepSummary> = run.steps.iter().collect();
        steps.sort_by(|one, other| one.rate.total_cmp(&other.rate));
        refusals(out, &frame, &steps, at);
        for (class, of) in PERCENTILES {
            let points: Vec<(f64, f64)> =
                steps.iter().filter_map(|step| Some((frame.x(step.rate), frame.y(of(step)?)))).collect();
            line(out, class, if at > 0 { " second" } else { "" }, &points);
        }
    }
    knees(out, &frame, runs);
    out.push_str("</svg>");
}

/// The knees of two runs may lie close together, so each has a height of its own for its words, and no line crosses words.
fn knees(out: &mut String, frame: &Frame, runs: &[&RunSummary]) {
    let places = runs.iter().enumerate().filter_map(|(at, run)| {
        let knee = run.knee_per_second?;
        Some((at, knee, frame.x(knee), TOP - 28.0 + 14.0 * at as f64))
    });
    for (_, _, x, y) in places.clone() {
        let bottom = HEIGHT - BOTTOM;
        put(out, &format!("<line class=\"knee\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{y}\" y2=\"{bottom}\"/>"));
    }
    for (at, knee, x, y) in places {
        let which = if runs.len() > 1 { format!(" of run {}", at + 1) } else { String::new() };
        let (anchor, beside) = if x > WIDTH * 0.75 { ("end", -4.0) } else { ("start", 4.0) };
        let (x, y, words) = (x + beside, y + 9.0, format!("knee{which}: {}/s", shown(knee)));
        put(out, &format!("<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{words}</text>"));
    }
}

/// What the lines are, above the drawing.
fn legend(out: &mut String, has_second: bool) {
    for (at, (class, _)) in PERCENTILES.into_iter().enumerate() {
        let x = LEFT + 90.0 * at as f64;
        put(out, &format!("<line class=\"line {class}\" x1=\"{x}\" x2=\"{}\" y1=\"14\" y2=\"14\"/>", x + 28.0));
        mark(out, class, x + 14.0, 14.0);
        put(out, &format!("<text x=\"{}\" y=\"18\">{class}</text>", x + 36.0));
    }
    put(out, &format!("<rect class=\"refused\" x=\"{}\" y=\"8\" width=\"{BAR}\" height=\"12\"/>", LEFT + 272.0));
    put(out, &format!("<text x=\"{}\" y=\"18\">refused or lost</text>", LEFT + 284.0));
    if has_second {
        let x = LEFT + 392.0;
        put(out, &format!("<line class=\"axis second\" x1=\"{x}\" x2=\"{}\" y1=\"14\" y2=\"14\"/>", x + 28.0));
        put(out, &format!("<text x=\"{}\" y=\"18\">run 2</text>", x + 38.0));
    }
}

/// A line, and at each of its points a mark of its own shape, so that colour is not needed to tell lines apart.
fn line(out: &mut String, class: &str, second: &str, points: &[(f64, f64)]) {
    let path: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    put(out, &format!("<polyline class=\"line {class}{second}\" points=\"{}\"/>", path.join(" ")));
    for (x, y) in points {
        mark(out, class, *x, *y);
    }
}

fn mark(out: &mut String, class: &str, x: f64, y: f64) {
    let shape = match class {
        "p50" => format!("M{:.1} {y:.1}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z", x - 4.0),
        "p90" => format!("M{:.1} {:.1}h8v8h-8z", x - 4.0, y - 4.0),
        _ => format!("M{x:.1} {:.1}l5 9h-10z", y - 6.0),
    };
    put(out, &format!("<path class=\"mark {class}\" d=\"{shape}\"/>"));
}

/// Bars whose height is the share that was refused or lost, with that share above them.
fn refusals(out: &mut String, frame: &Frame, steps: &[&StepSummary], at: usize) {
    for step in steps.iter().filter(|step| step.sent > step.ok) {
        let share = (step.sent - step.ok) as f64 / step.sent as f64;
        let height = share * (HEIGHT - TOP - BOTTOM);
        let (x, y) = (frame.x(step.rate) - BAR + BAR * at as f64, HEIGHT - BOTTOM - height);
        put(
            out,
            &format!("<rect class=\"refused\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{BAR}\" height=\"{height:.1}\"/>"),
        );
        if share >= 0.01 {
            let (anchor, x) = if at == 0 { ("end", x - 2.0) } else { ("start", x + BAR + 2.0) };
            let words = format!("{:.0} %", share * 100.0);
            put(out, &format!("<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{words}</text>", y + 10.0));
        }
    }
}

fn axes(out: &mut String, frame: &Frame, runs: &[&RunSummary]) {
    let (bottom, right) = (HEIGHT - BOTTOM, WIDTH - RIGHT);
    for fifth in 0..=5 {
        let ms = frame.longest_ms * f64::from(fifth) / 5.0;
        let y = frame.y(ms);
        put(out, &format!("<line class=\"grid\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>"));
        let label = shown(ms);
        put(out, &format!("<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{label} ms</text>", LEFT - 6.0, y + 4.0));
    }
    put(out, &format!("<line class=\"axis\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{bottom}\" y2=\"{bottom}\"/>"));
    let mut rates: Vec<f64> = runs.iter().flat_map(|run| run.steps.iter().map(|step| step.rate)).collect();
    rates.sort_by(f64::total_cmp);
    let mut free_from = 0.0;
    for rate in rates {
        let x = frame.x(rate);
        if x >= free_from {
            let y = bottom + 18.0;
            put(out, &format!("<text x=\"{x:.1}\" y=\"{y}\" text-anchor=\"middle\">{}/s</text>", shown(rate)));
            free_from = x + LABEL;
        }
    }
    let (x, y) = ((LEFT + right) / 2.0, HEIGHT - 8.0);
    put(out, &format!("<text x=\"{x}\" y=\"{y}\" text-anchor=\"middle\">events per second</text>"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_end_at_tidy_numbers() {
        for (number, expected) in [(1_834.0, 2_000.0), (200.0, 200.0), (3.2, 5.0), (1_206.0, 1_500.0), (0.7, 1.0)] {
            assert!((tidy(number) - expected).abs() < 1e-9, "{number}");
        }
    }

    #[test]
    fn a_picture_of_one_rate_or_of_none_does_not_divide_by_nothing() {
        let one = Frame { lowest: 20.0, highest: 20.0, longest_ms: 1.0 };
        assert!(one.x(20.0).is_finite() && one.y(1.0).is_finite());
        let mut out = String::new();
        draw(&mut out, &[]);
        assert_eq!(out, "");
    }
}
