//! The review before predictive engagement goes live, as a document: filled where the policy answers, open where it does not.

use std::borrow::Cow;
use std::fmt::Write;

use jiff::civil::Date;

use super::{Policy, RegulatedPage, said};
use crate::engine::policy::Regime;
use crate::settings::retention::{ASK_COUNSEL, Period, Store};
use crate::settings::{Settings, duration};

/// One line of the review.
struct Line {
    question: String,
    /// What the policy or the configuration answers; none: it is open.
    answer: Option<String>,
    owner: String,
    date: String,
    basis: Cow<'static, str>,
}

const ASK: &str = ASK_COUNSEL;

impl Policy {
    /// The review as Markdown, the open questions first.
    pub fn checklist(&self, settings: &Settings, today: Date) -> String {
        let (open, answered): (Vec<Line>, Vec<Line>) =
            self.lines(settings, today).into_iter().partition(|line| line.answer.is_none());
        let mut text = format!(
            "# Review before predictive engagement goes live\n\nPolicy {}, printed on {today}. A line without a citation says \"{ASK}\": nothing here is legal advice.\n",
            self.version()
        );
        for (title, lines) in [("Open", open), ("Answered", answered)] {
            // Writing to a String cannot fail.
            write!(
                text,
                "\n## {title} ({})\n\n| Question | Answer | Owner | Date | Basis |\n|---|---|---|---|---|\n",
                lines.len()
            )
            .unwrap_or_default();
            for line in lines {
                text.push_str(&line.written());
            }
        }
        text
    }

    fn lines(&self, settings: &Settings, today: Date) -> Vec<Line> {
        let (owner, date) = self
            .sign_off
            .as_ref()
            .map_or_else(Default::default, |signed| (signed.reviewed_by.to_string(), signed.approved_on.to_string()));
        let line = |question: &str, answer: Option<String>, basis: &'static str| Line {
            question: question.to_owned(),
            answer,
            owner: owner.clone(),
            date: date.clone(),
            basis: basis.into(),
        };
        let holds = self.refusal(today).is_none();
        let signed = self.sign_off.as_ref().filter(|_| holds);
        let mut lines = vec![
            line(
                "Has the policy been reviewed and signed, and does the signature hold today?",
                signed.map(|signed| format!("yes, until {}", signed.review_by)),
                ASK,
            ),
            line(
                "May the conversation of a regulated visit count in staffing?",
                Some(if self.interactions_may_count { "yes" } else { "no" }.to_owned()),
                ASK,
            ),
            line(
                "What does an event without a consent signal mean?",
                Some(said(self.consent.absent).to_owned()),
                "ePrivacy Directive Art. 5(3); ask counsel",
            ),
            line("What does Global Privacy Control mean?", Some(said(self.consent.privacy_control).to_owned()), ASK),
        ];
        lines.extend(self.pages.iter().map(|page| line_of(page, date.clone())));
        lines.extend(Store::ALL.into_iter().map(|store| self.line_of_store(store, settings, &date, today)));
        lines.extend(QUESTIONS.map(|(question, basis)| Line {
            question: question.to_owned(),
            answer: None,
            owner: String::new(),
            date: String::new(),
            basis: basis.into(),
        }));
        lines
    }
}

impl Policy {
    /// How long a store is kept: answered where the policy states a basis for it, and open where nobody has, or where
    /// that was to be reviewed by now.
    fn line_of_store(&self, store: Store, settings: &Settings, approved_on: &str, today: Date) -> Line {
        let kept = match store.period(settings) {
            Period::For(span) => format!("in force: {}", duration::say(span)),
            Period::UntilReplaced => "each value until the next".to_owned(),
            Period::NotOurs => "not decided here".to_owned(),
        };
        let question = format!("How long may {} be kept: {} ({})?", store.name(), store.holds(), store.whom().name());
        let Some(stated) = self.retention.iter().find(|stated| stated.store == store) else {
            let question = format!("{question} {kept}");
            return Line { question, answer: None, owner: String::new(), date: String::new(), basis: ASK.into() };
        };
        let at_most = stated.period.map(|span| format!("at most {}, ", duration::say(span))).unwrap_or_default();
        let answer = format!("{at_most}{kept}: {}", stated.basis);
        let (question, answer) = match stated.review_by.filter(|day| *day < today) {
            Some(due) => (format!("{question} It was {answer}; the review of that was due on {due}"), None),
            None => (question, Some(answer)),
        };
        Line {
            question,
            answer,
            owner: stated.owner.to_string(),
            date: stated.review_by.map_or_else(|| approved_on.to_owned(), |day| format!("review by {day}")),
            basis: stated.citation.as_deref().unwrap_or(ASK).to_owned().into(),
        }
    }
}

/// What is answered for one pattern of pages.
fn line_of(page: &RegulatedPage, date: String) -> Line {
    let answer = match page.regime {
        Regime::Unregulated => format!("no regime, {}", page.retention),
        Regime::Mifid2 | Regime::Health | Regime::Children => format!("{}, {}", page.regime.name(), page.retention),
    };
    Line {
        question: format!("Under which rules do the pages {}{} stand?", page.host, page.path),
        answer: Some(answer),
        owner: page.owner.to_string(),
        date,
        basis: if page.regime == Regime::Mifid2 { "MiFID II Art. 16(6), 16(7), Art. 25; ask counsel" } else { ASK }
            .into(),
    }
}

/// What no file can answer.
const QUESTIONS: [(&str, &str); 7] = [
    (
        "Does the list of regulated pages name every page whose visit may influence advice or an order?",
        "MiFID II Art. 25; Delegated Regulation 2017/565 Arts. 54-56; ask counsel",
    ),
    (
        "How long does the contact centre itself keep journey events and recordings, and may one be joined with the other there?",
        ASK,
    ),
    (
        "May the offers of a visitor who refused consent to tracking be counted? The policy refuses his page and app events; actions carry no attribute.",
        ASK,
    ),
    (
        "Does the notice on the site say that visits decide which chats are offered, and that offers are counted for planning?",
        ASK,
    ),
    ("Does the agent see what was browsed, and is that recorded with the conversation?", ASK),
    ("Has an assessment of the impact on visitors been done where it is due?", ASK),
    ("Who answers a visitor who asks what is held or wants it erased, and within which time?", ASK),
];

impl Line {
    fn written(&self) -> String {
        let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
        let answer = self.answer.as_deref().unwrap_or("");
        let cells = [&*self.question, answer, &self.owner, &self.date, &self.basis].map(cell);
        format!("| {} |\n", cells.join(" | "))
    }
}
