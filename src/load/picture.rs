//! Pictures: one HTML page without scripts or anything from elsewhere, for one run or for two side by side.

use super::summary::{COLUMNS, RunSummary, StepSummary, shown};

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 360.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 36.0;
const TOP: f64 = 16.0;
const BOTTOM: f64 = 48.0;

const HEAD: &str = "<!doctype html>
<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">
<title>How much the endpoint takes</title>
<style>
:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}
body{max-width:64rem;margin:2rem auto;padding:0 1rem}
svg{width:100%;height:auto;color:CanvasText}
svg text{fill:currentColor;font-size:12px}
.axis{stroke:currentColor;stroke-width:1}.grid{stroke:currentColor;stroke-opacity:.15}
.line{fill:none;stroke-width:2}
.p50{stroke:light-dark(#1b6ca8,#7cc4ff)}.p90{stroke:light-dark(#8a6d00,#e3c34a)}.p99{stroke:light-dark(#b3261e,#ff8a80)}
.second{stroke-dasharray:6 4}.knee{stroke:currentColor;stroke-dasharray:2 3}
.refused{fill:light-dark(#b3261e,#ff8a80);fill-opacity:.25}
.scroll{overflow-x:auto}table{border-collapse:collapse;font-size:.85rem}
th,td{padding:.25rem .6rem;text-align:right;border-bottom:1px solid color-mix(in srgb,currentColor 20%,transparent)}
caption{text-align:left;font-weight:600;padding:.5rem 0}
</style></head><body>
<h1>How much the endpoint takes</h1>
";

/// The page.
pub fn page(runs: &[&RunSummary]) -> String {
    let mut out = HEAD.to_owned();
    for (at, run) in runs.iter().enumerate() {
        let which = if runs.len() > 1 { format!("Run {}: ", at + 1) } else { String::new() };
        put(&mut out, &format!("<p><strong>{which}{}</strong><br>", escaped(&run.finding)));
        put(
            &mut out,
            &format!(
                "{} of events “{}”, from {}. Times count from when an event should have been sent.",
                escaped(&run.target),
                escaped(&run.event),
                escaped(&run.started)
            ),
        );
        if let Some(lag) = run.generator_lag_p99_ms {
            put(&mut out, &format!(" The generator itself was late by {lag:.1} ms at most, in 99 % of the events."));
        }
        if let Some(early) = &run.ended_early {
            put(&mut out, &format!(" It ended early: {}.", escaped(early)));
        }
        out.push_str("</p>\n");
    }
    out.push_str("<figure>");
    drawing(&mut out, runs);
    out.push_str(
        "<figcaption>Time to an answer over the rate: p50 (circles), p90 (squares), p99 (triangles); bars: share that was refused \
         or lost; dotted: the knee",
    );
    out.push_str(if runs.len() > 1 { "; dashed: run 2.</figcaption></figure>\n" } else { ".</figcaption></figure>\n" });
    for (at, run) in runs.iter().enumerate() {
        table(&mut out, at, run);
    }
    out.push_str("</body></html>\n");
    out
}

fn put(out: &mut String, text: &str) {
    out.push_str(text);
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn table(out: &mut String, at: usize, run: &RunSummary) {
    put(out, &format!("<div class=\"scroll\"><table><caption>Run {}</caption><thead><tr>", at + 1));
    for column in COLUMNS {
        put(out, &format!("<th scope=\"col\">{}</th>", column.replace('_', " ")));
    }
    out.push_str("</tr></thead><tbody>\n");
    for step in &run.steps {
        out.push_str("<tr>");
        for cell in step.row() {
            put(out, &format!("<td>{}</td>", escaped(&cell)));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
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

/// The next one, two or five followed by zeros.
fn tidy(number: f64) -> f64 {
    let unit = 10.0_f64.powf(number.max(1e-3).log10().floor());
    [1.0, 2.0, 5.0, 10.0].map(|times| times * unit).into_iter().find(|tidy| *tidy >= number).unwrap_or(number)
}

fn drawing(out: &mut String, runs: &[&RunSummary]) {
    let Some(frame) = Frame::of(runs) else { return };
    let label = "Time to an answer over the rate; the table has the figures";
    put(out, &format!("<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{label}\">"));
    axes(out, &frame, runs);
    for (at, run) in runs.iter().enumerate() {
        let mut steps: Vec<&StepSummary> = run.steps.iter().collect();
        steps.sort_by(|one, other| one.rate.total_cmp(&other.rate));
        refusals(out, &frame, &steps, at);
        let percentiles: [Percentile; 3] =
            [("p50", |step| step.p50_ms), ("p90", |step| step.p90_ms), ("p99", |step| step.p99_ms)];
        for (class, of) in percentiles {
            let points: Vec<(f64, f64)> =
                steps.iter().filter_map(|step| Some((frame.x(step.rate), frame.y(of(step)?)))).collect();
            line(out, class, if at > 0 { " second" } else { "" }, &points);
        }
        if let Some(knee) = run.knee_per_second {
            let (x, bottom) = (frame.x(knee), HEIGHT - BOTTOM);
            put(out, &format!("<line class=\"knee\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{bottom}\"/>"));
            put(out, &format!("<text x=\"{:.1}\" y=\"{}\">{}/s</text>", x + 4.0, TOP + 12.0, shown(knee)));
        }
    }
    out.push_str("</svg>");
}

/// A line, and at each of its points a mark of its own shape, so that colour is not needed to tell lines apart.
fn line(out: &mut String, class: &str, second: &str, points: &[(f64, f64)]) {
    let path: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    put(out, &format!("<polyline class=\"line {class}{second}\" points=\"{}\"/>", path.join(" ")));
    for (x, y) in points {
        let shape = match class {
            "p50" => format!("M{:.1} {y:.1}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z", x - 4.0),
            "p90" => format!("M{:.1} {:.1}h8v8h-8z", x - 4.0, y - 4.0),
            _ => format!("M{x:.1} {:.1}l5 9h-10z", y - 6.0),
        };
        put(out, &format!("<path class=\"line {class}\" d=\"{shape}\"/>"));
    }
}

/// Bars whose height is the share that was refused or lost.
fn refusals(out: &mut String, frame: &Frame, steps: &[&StepSummary], at: usize) {
    for step in steps.iter().filter(|step| step.sent > step.ok) {
        let share = (step.sent - step.ok) as f64 / step.sent as f64;
        let height = share * (HEIGHT - TOP - BOTTOM);
        let (x, y) = (frame.x(step.rate) - 6.0 + 6.0 * at as f64, HEIGHT - BOTTOM - height);
        put(out, &format!("<rect class=\"refused\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"6\" height=\"{height:.1}\"/>"));
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
            free_from = x + 56.0;
        }
    }
    let (x, y) = ((LEFT + right) / 2.0, HEIGHT - 8.0);
    put(out, &format!("<text x=\"{x}\" y=\"{y}\" text-anchor=\"middle\">events per second</text>"));
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::load::figures::{Answer, Figures, Step};
    use crate::load::judging::Finding;

    fn run(target: &str, rates: &[f64]) -> RunSummary {
        let steps: Vec<Figures> = rates
            .iter()
            .map(|per_second| {
                let mut figures = Figures::of(Step { per_second: *per_second, length: Duration::from_secs(1) });
                let answer = if *per_second > 5_000.0 { Answer::TooManyRequests } else { Answer::Taken };
                figures.answered(0, Duration::ZERO, Duration::from_millis(200), answer);
                figures
            })
            .collect();
        RunSummary::of(target.to_owned(), "pageview".to_owned(), String::new(), &steps, &Finding::Above(1.0))
    }

    #[test]
    fn a_page_asks_for_nothing_from_elsewhere_and_runs_nothing() {
        let page = page(&[&run("http://127.0.0.1:1/<script>", &[1_000.0, 3_000.0, 10_000.0])]);
        for word in ["<script", "src=", "href=", "url(", "@import"] {
            assert!(!page.contains(word), "{word}");
        }
        assert_eq!(page.matches("<polyline").count(), 3);
        assert_eq!(page.matches("class=\"refused\"").count(), 1);
        assert!(page.contains("3000/s") && page.contains("&lt;script&gt;"));
    }

    #[test]
    fn two_runs_share_a_picture_and_a_run_without_answers_has_one_too() {
        let (one, other) = (run("a", &[10.0, 20.0]), run("b", &[20.0]));
        let both = page(&[&one, &other]);
        assert_eq!((both.matches("<polyline").count(), both.matches("<table>").count()), (6, 2));
        assert!(both.contains("line p50 second"));
        assert!(page(&[&run("a", &[])]).contains("<table>"));
    }

    #[test]
    fn scales_end_at_tidy_numbers() {
        for (number, expected) in [(1_234.0, 2_000.0), (200.0, 200.0), (3.2, 5.0), (0.7, 1.0)] {
            assert!((tidy(number) - expected).abs() < 1e-9, "{number}");
        }
    }
}
