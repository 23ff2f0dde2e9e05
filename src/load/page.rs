//! Pages: one HTML file without scripts or anything from elsewhere, for one run or for two side by side.

use super::picture;
use super::summary::{RunSummary, StepSummary, paired, shown};

const STYLE: &str = "
:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}
body{max-width:68rem;margin:2rem auto;padding:0 1rem}
h1{line-height:1.2;font-size:1.6rem}
figure{margin:1.5rem 0}
figcaption{font-size:.9rem}
svg{display:block;width:100%;min-width:40rem;height:auto;color:CanvasText}
svg text{fill:currentColor;font-size:12px;paint-order:stroke;stroke:Canvas;stroke-width:3px}
.axis{stroke:currentColor;stroke-width:1}.grid{stroke:currentColor;stroke-opacity:.15}
.line{fill:none;stroke-width:2}.mark{stroke-width:2;fill:Canvas}
.p50{stroke:light-dark(#1b6ca8,#7cc4ff)}.p90{stroke:light-dark(#8a6d00,#e3c34a)}.p99{stroke:light-dark(#b3261e,#ff8a80)}
.second{stroke-dasharray:6 4}.knee{stroke:currentColor;stroke-dasharray:2 3}
.refused{fill:light-dark(#b3261e,#ff8a80);fill-opacity:.3}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-size:.85rem;font-variant-numeric:tabular-nums;margin:1rem 0}
th,td{padding:.25rem .6rem;text-align:right;white-space:nowrap;border-bottom:1px solid color-mix(in srgb,currentColor 20%,transparent)}
thead th{vertical-align:bottom}
td.words,th:last-child{text-align:left}
caption{text-align:left;font-weight:600;padding:.5rem 0}
";

/// The columns of one run.
const COLUMNS: [&str; 13] = [
    "events/s",
    "sent",
    "taken",
    "429",
    "other",
    "held back",
    "taken/s",
    "p50",
    "p90",
    "p99",
    "p99.9",
    "longest",
    "late by (p99)",
];

/// The columns of two runs.
const COMPARED: [&str; 11] = [
    "events/s",
    "taken 1",
    "taken 2",
    "429 1",
    "429 2",
    "p50 1",
    "p50 2",
    "p50 change",
    "p99 1",
    "p99 2",
    "p99 change",
];

/// The page.
pub fn page(runs: &[&RunSummary]) -> String {
    let heading = if runs.len() > 1 { "How much the endpoint takes: two runs" } else { "How much the endpoint takes" };
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width,initial-scale=1\">\n<title>{heading}</title>\n<style>{STYLE}</style></head><body><main>\n\
         <h1>{heading}</h1>\n"
    );
    for (at, run) in runs.iter().enumerate() {
        told(&mut out, at, run, runs.len() > 1);
    }
    out.push_str("<figure><div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Picture\">");
    picture::draw(&mut out, runs);
    out.push_str(
        "</div><figcaption>Time to an answer over the rate, in milliseconds, of the events that were taken. Bars: the share that \
         was refused or lost. Dotted: the knee.",
    );
    out.push_str(if runs.len() > 1 { " Dashed: run 2.</figcaption></figure>\n" } else { "</figcaption></figure>\n" });
    if let [one, other] = runs {
        let rows = paired(one, other).into_iter().map(|(one, other)| compared(one, other));
        table(&mut out, "Side by side; times in milliseconds", &COMPARED, rows);
    }
    for (at, run) in runs.iter().enumerate() {
        let caption = if runs.len() > 1 { format!("Run {}; times", at + 1) } else { "Times".to_owned() };
        table(&mut out, &format!("{caption} in milliseconds"), &COLUMNS, run.steps.iter().map(row));
    }
    out.push_str("</main></body></html>\n");
    out
}

fn told(out: &mut String, at: usize, run: &RunSummary, is_one_of_two: bool) {
    let which = if is_one_of_two { format!("Run {}: ", at + 1) } else { String::new() };
    out.push_str(&format!(
        "<p><strong>{which}{}</strong><br>Events “{}” to {}, begun {}. Times count from when an event should have been sent.",
        escaped(&run.finding),
        escaped(&run.event),
        escaped(&run.target),
        escaped(&run.started)
    ));
    if let Some(lag) = run.generator_lag_p99_ms {
        out.push_str(&format!(" The generator itself was late by {lag:.1} ms at most, in 99 % of the events."));
    }
    if let Some(early) = &run.ended_early {
        out.push_str(&format!(" It ended early: {}.", escaped(early)));
    }
    let others: Vec<String> = run
        .steps
        .iter()
        .filter(|step| !step.other_answers.is_empty())
        .map(|step| {
            let answers = step.other_answers.iter().map(|(name, events)| format!("{name} {events}"));
            format!("at {}/s {}", shown(step.rate), answers.collect::<Vec<_>>().join(", "))
        })
        .collect();
    if !others.is_empty() {
        out.push_str(&format!(" Other answers: {}.", escaped(&others.join("; "))));
    }
    out.push_str("</p>\n");
}

/// Text as HTML.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A table whose last column is a verdict.
fn table<const N: usize>(
    out: &mut String,
    caption: &str,
    columns: &[&str; N],
    rows: impl Iterator<Item = ([String; N], String)>,
) {
    out.push_str(&format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"{caption}\"><table><caption>{caption}</caption><thead><tr>"
    ));
    for column in columns.iter().chain(&["verdict"]) {
        out.push_str(&format!("<th scope=\"col\">{column}</th>"));
    }
    out.push_str("</tr></thead><tbody>\n");
    for (cells, verdict) in rows {
        out.push_str("<tr>");
        for (at, cell) in cells.iter().enumerate() {
            let cell = escaped(cell);
            out.push_str(&match at {
                0 => format!("<th scope=\"row\">{cell}</th>"),
                _ => format!("<td>{cell}</td>"),
            });
        }
        out.push_str(&format!("<td class=\"words\">{}</td></tr>\n", escaped(&verdict)));
    }
    out.push_str("</tbody></table></div>\n");
}

fn millis(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.1}"))
}

fn row(step: &StepSummary) -> ([String; 13], String) {
    let cells = [
        shown(step.rate),
        step.sent.to_string(),
        step.ok.to_string(),
        step.too_many_requests.to_string(),
        step.other.to_string(),
        step.held_back.to_string(),
        format!("{:.1}", step.throughput_per_second),
        millis(step.p50_ms),
        millis(step.p90_ms),
        millis(step.p99_ms),
        millis(step.p999_ms),
        millis(step.max_ms),
        millis(step.generator_lag_p99_ms),
    ];
    (cells, verdict(Some(step)).to_owned())
}

const fn verdict(step: Option<&StepSummary>) -> &'static str {
    let Some(step) = step else { return "not tried" };
    match step.taken {
        Some(true) => "taken",
        Some(false) => "too much",
        None => "not judged",
    }
}

fn compared(one: Option<&StepSummary>, other: Option<&StepSummary>) -> ([String; 11], String) {
    type Of<T> = fn(&StepSummary) -> T;
    let count =
        |step: Option<&StepSummary>, of: Of<u64>| step.map_or_else(|| "–".to_owned(), |step| of(step).to_string());
    let time = |step: Option<&StepSummary>, of: Of<Option<f64>>| millis(step.and_then(of));
    let change = |of: Of<Option<f64>>| match (one.and_then(of), other.and_then(of)) {
        (Some(one), Some(other)) if one > 0.0 => format!("{:+.0} %", (other / one - 1.0) * 100.0),
        (Some(_) | None, Some(_) | None) => "–".to_owned(),
    };
    let (p50, p99): (Of<Option<f64>>, Of<Option<f64>>) = (|step| step.p50_ms, |step| step.p99_ms);
    let cells = [
        shown(one.or(other).map_or(0.0, |step| step.rate)),
        count(one, |step| step.ok),
        count(other, |step| step.ok),
        count(one, |step| step.too_many_requests),
        count(other, |step| step.too_many_requests),
        time(one, p50),
        time(other, p50),
        change(p50),
        time(one, p99),
        time(other, p99),
        change(p99),
    ];
    (cells, format!("{} / {}", verdict(one), verdict(other)))
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::time::Duration;

    use html5ever::tokenizer::{BufferQueue, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};

    use super::*;
    use crate::load::figures::{Answer, Figures, OtherAnswer, Step};
    use crate::load::judging::Finding;

    fn run(target: &str, rates: &[f64]) -> RunSummary {
        let steps: Vec<Figures> = rates
            .iter()
            .map(|per_second| {
                let mut figures = Figures::of(Step { per_second: *per_second, length: Duration::from_secs(1) });
                figures.answered(0, Duration::ZERO, Duration::from_millis(200), Answer::Taken);
                if *per_second > 5_000.0 {
                    figures.answered(1, Duration::ZERO, Duration::ZERO, Answer::TooManyRequests);
                    figures.answered(2, Duration::ZERO, Duration::ZERO, Answer::Other(OtherAnswer::Closed));
                }
                figures
            })
            .collect();
        let knee = Finding::of_rates(&[]);
        RunSummary::of(target.to_owned(), "pageview".to_owned(), String::new(), &steps, &knee)
    }

    /// Elements that are open, and what is wrong.
    #[derive(Default)]
    struct Reader(RefCell<(Vec<String>, Vec<String>)>);

    impl TokenSink for Reader {
        type Handle = ();

        fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
            let (open, wrong) = &mut *self.0.borrow_mut();
            match token {
                Token::TagToken(tag) if tag.kind == TagKind::StartTag => {
                    if !tag.self_closing && !["meta", "br"].contains(&&*tag.name) {
                        open.push(tag.name.to_string());
                    }
                }
                Token::TagToken(tag) => {
                    if open.pop().as_deref() != Some(&*tag.name) {
                        wrong.push(format!("</{}> closes something else", tag.name));
                    }
                }
                Token::ParseError(says) => wrong.push(says.into_owned()),
                Token::DoctypeToken(_)
                | Token::CommentToken(_)
                | Token::CharacterTokens(_)
                | Token::NullCharacterToken
                | Token::EOFToken => {}
            }
            TokenSinkResult::Continue
        }
    }

    fn is_well_formed(page: &str) {
        let tokenizer = Tokenizer::new(Reader::default(), TokenizerOpts { exact_errors: true, ..Default::default() });
        let input = BufferQueue::default();
        input.push_back(page.into());
        drop(tokenizer.feed(&input));
        tokenizer.end();
        assert_eq!(tokenizer.sink.0.into_inner(), (Vec::new(), Vec::new()), "{page}");
    }

    #[test]
    fn a_page_is_well_formed_asks_for_nothing_from_elsewhere_and_runs_nothing() {
        let one = run("http://127.0.0.1:1/<script>\"&", &[1_000.0, 3_000.0, 10_000.0]);
        for page in [page(&[&one]), page(&[&one, &run("b", &[20.0])]), page(&[&run("c", &[])])] {
            is_well_formed(&page);
            for word in ["<script", "src=", "href=", "url(", "@import", "<link", "<iframe", "onload"] {
                assert!(!page.contains(word), "{word}");
            }
        }
        let page = page(&[&one]);
        assert!(page.contains("&lt;script&gt;&quot;&amp;") && page.contains("at 10000/s closed 1"), "{page}");
    }

    #[test]
    fn every_figure_of_the_picture_stands_in_a_table_with_named_rows_and_columns() {
        let page = page(&[&run("a", &[1_000.0, 10_000.0])]);
        assert_eq!((page.matches("<table>").count(), page.matches("scope=\"row\"").count()), (1, 2));
        assert_eq!(page.matches("scope=\"col\"").count(), COLUMNS.len() + 1);
        assert!(page.contains("<td>200.1</td>") || page.contains("<td>200.0</td>"), "{page}");
    }

    #[test]
    fn two_runs_are_compared_rate_by_rate_even_where_only_one_tried_it() {
        let both = page(&[&run("a", &[10.0, 20.0]), &run("b", &[20.0, 40.0])]);
        assert_eq!((both.matches("<table>").count(), both.matches("<polyline").count()), (3, 6));
        assert!(both.contains("+0 %") && both.contains("not tried"), "{both}");
        assert!(both.contains("line p50 second"));
    }
}
