//! Staffing tables: rows of inputs in, the same rows with every figure out; a row without an answer says why.

use std::borrow::Cow;
use std::io::{Read, Write};

use crate::staffing::blocking::erlang_b;
use crate::staffing::erlang_c::p_wait_of_fractional;
use crate::staffing::{
    Agents, ChatDesk, Demand, ErlangA, ErlangC, Erlangs, GatedOffers, PatientGoal, Refusal, ServiceGoal, ServiceLevel,
    required_a, required_c,
};

/// The last column: why a row has no figures.
const ERROR: &str = "error";

/// What is calculated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Model {
    /// Erlang B, whole and fractional agents.
    ErlangB,
    /// Erlang C.
    ErlangC,
    /// Erlang A.
    ErlangA,
    /// Chat with concurrency.
    Chat,
    /// Gated offers.
    Gated,
    /// Required agents by Erlang C.
    RequiredC,
    /// Required agents by Erlang A.
    RequiredA,
}

/// Why a table could not be written.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The head lacks columns.
    #[error("the table has no column {}; the head must name {}", .missing.join(", "), .wanted.join(", "))]
    Missing {
        /// Which.
        missing: Vec<&'static str>,
        /// All that must be there.
        wanted: Vec<&'static str>,
    },
    /// It cannot be read or written.
    #[error("the table cannot be read or written: {0}")]
    Csv(#[from] csv::Error),
    /// It cannot be written.
    #[error("the table cannot be written: {0}")]
    Io(#[from] std::io::Error),
}

/// How many rows were answered, and how many were not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Answered {
    /// Rows with figures.
    pub rows: u64,
    /// Rows without.
    pub refused: u64,
}

/// Reads rows by the names of their columns, others are ignored; writes inputs, outputs and why there are none.
///
/// # Errors
///
/// Where columns are missing, or the table cannot be read or written.
pub fn answer_table(model: Model, input: impl Read, output: impl Write) -> Result<Answered, TableError> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(input);
    let mut writer = csv::Writer::from_writer(output);
    let head = reader.byte_headers()?.clone();
    let wanted = model.inputs();
    let places = places(&head, wanted)?;
    writer.write_record(wanted.iter().chain(model.outputs()).chain([&ERROR]))?;
    let mut answered = Answered::default();
    for record in reader.byte_records() {
        let record = record?;
        let inputs: Vec<Cow<'_, str>> = places.iter().map(|place| cell(&record, *place)).collect();
        let (figures, error) = match model.answer(&Row { columns: wanted, texts: &inputs }) {
            Ok(figures) => (figures, String::new()),
            Err(refusal) => {
                answered.refused += 1;
                (vec![String::new(); model.outputs().len()], format!("{}: {refusal}", refusal.name()))
            }
        };
        answered.rows += u64::from(error.is_empty());
        let cells = inputs.iter().map(Cow::as_ref).chain(figures.iter().map(String::as_str));
        writer.write_record(cells.chain([error.as_str()]))?;
    }
    writer.flush()?;
    Ok(answered)
}

/// Where the head has these columns.
pub(super) fn places(head: &csv::ByteRecord, wanted: &[&'static str]) -> Result<Vec<usize>, TableError> {
    let place = |column: &&str| head.iter().position(|found| found == column.as_bytes());
    let missing: Vec<&str> = wanted.iter().copied().filter(|column| place(column).is_none()).collect();
    if missing.is_empty() {
        Ok(wanted.iter().filter_map(place).collect())
    } else {
        Err(TableError::Missing { missing, wanted: wanted.to_vec() })
    }
}

/// What a record has there; what is not text is no number either, and is written back as far as it can be.
pub(super) fn cell(record: &csv::ByteRecord, place: usize) -> Cow<'_, str> {
    String::from_utf8_lossy(record.get(place).unwrap_or(b""))
}

/// The inputs of one row.
struct Row<'a> {
    columns: &'static [&'static str],
    texts: &'a [Cow<'a, str>],
}

impl Row<'_> {
    fn text(&self, input: &'static str) -> &str {
        let place = self.columns.iter().position(|column| *column == input);
        place.and_then(|place| self.texts.get(place)).map_or("", |text| text)
    }

    fn number(&self, input: &'static str) -> Result<f64, Refusal> {
        self.text(input).parse().map_err(|_| Refusal::NotANumber { input })
    }

    fn agents(&self, input: &'static str) -> Result<Agents, Refusal> {
        Agents::read(input, self.number(input)?)
    }

    fn erlangs(&self, input: &'static str) -> Result<Erlangs, Refusal> {
        Erlangs::read(input, self.number(input)?)
    }

    fn demand(&self) -> Result<Demand, Refusal> {
        Ok(Demand {
            contacts: self.number("contacts_per_interval")?,
            interval_seconds: self.number("interval_s")?,
            handle_seconds: self.number("aht_s")?,
        })
    }
}

fn real(value: f64) -> String {
    format!("{value:?}")
}

fn maybe(value: Option<f64>) -> String {
    value.map_or_else(String::new, real)
}

impl Model {
    /// Every model.
    pub const ALL: [Self; 7] =
        [Self::ErlangB, Self::ErlangC, Self::ErlangA, Self::Chat, Self::Gated, Self::RequiredC, Self::RequiredA];

    /// The model of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|model| model.name() == name)
    }

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ErlangB => "erlang-b",
            Self::ErlangC => "erlang-c",
            Self::ErlangA => "erlang-a",
            Self::Chat => "chat",
            Self::Gated => "gated",
            Self::RequiredC => "required-c",
            Self::RequiredA => "required-a",
        }
    }

    /// The columns that it reads.
    pub const fn inputs(self) -> &'static [&'static str] {
        match self {
            Self::ErlangB => &["agents_real", "offered_erlangs"],
            Self::ErlangC => &["agents", "offered_erlangs"],
            Self::ErlangA => &["agents", "offered_erlangs", "theta_over_mu", "T_over_aht"],
            Self::Chat => &["agents", "max_chats", "aht_s_by_level", "lambda_per_s", "mean_patience_s", "T_s"],
            Self::Gated => {
                &["agents", "organic_erlangs", "proactive_erlangs_if_ungated", "theta_over_mu", "reserve_agents"]
            }
            Self::RequiredC => &[
                "contacts_per_interval",
                "interval_s",
                "aht_s",
                "sl_target",
                "threshold_s",
                "max_occupancy",
                "shrinkage",
            ],
            Self::RequiredA => &[
                "contacts_per_interval",
                "interval_s",
                "aht_s",
                "mean_patience_s",
                "sl_target",
                "threshold_s",
                "sl_definition",
                "max_abandon",
            ],
        }
    }

    /// The columns that it adds.
    pub const fn outputs(self) -> &'static [&'static str] {
        match self {
            Self::ErlangB => &["erlang_b", "p_wait"],
            Self::ErlangC => &["erlang_b", "p_wait", "log10_p_wait", "asa_over_aht", "mean_queue", "occupancy"],
            Self::ErlangA => &[
                "p_wait",
                "p_abandon",
                "mean_queue",
                "occupancy",
                "sl_answered_within_T_of_offered",
                "sl_excluding_abandons_within_T",
                "sl_of_answered",
                "sl_virtual_wait",
                "p_abandon_within_T",
                "mean_wait_all_over_aht",
                "asa_answered_over_aht",
            ],
            Self::Chat => &[
                "sl_answered_within_T_of_offered",
                "p_wait",
                "p_abandon",
                "agent_busy_fraction",
                "mean_chats_per_agent",
                "mean_queue",
            ],
            Self::Gated => &[
                "gate_open_probability",
                "carried_proactive_erlangs",
                "p_wait_organic",
                "p_abandon_of_all_entered",
                "occupancy",
            ],
            Self::RequiredC => &[
                "offered_erlangs",
                "agents_sl_only",
                "agents",
                "paid_heads_ceil",
                "sl_at_agents_sl_only",
                "sl_at_one_fewer",
                "service_level",
                "p_wait",
                "asa_s",
                "occupancy",
            ],
            Self::RequiredA => {
                &["offered_erlangs", "agents", "sl_at_agents", "sl_at_one_fewer", "p_abandon", "p_wait", "occupancy"]
            }
        }
    }

    fn answer(self, row: &Row<'_>) -> Result<Vec<String>, Refusal> {
        match self {
            Self::ErlangB => {
                let (agents, load) = (row.number("agents_real")?, row.erlangs("offered_erlangs")?);
                Ok([erlang_b(agents, load)?, p_wait_of_fractional(agents, load)].map(real).to_vec())
            }
            Self::ErlangC => waiting_forever(row),
            Self::ErlangA => waiting_patiently(row),
            Self::Chat => chatting(row),
            Self::Gated => inviting(row),
            Self::RequiredC => requiring_c(row),
            Self::RequiredA => requiring_a(row),
        }
    }
}

fn waiting_forever(row: &Row<'_>) -> Result<Vec<String>, Refusal> {
    let queue = ErlangC::of(row.agents("agents")?, row.erlangs("offered_erlangs")?)?;
    let ErlangC { erlang_b, p_wait, log10_p_wait, asa_over_aht, mean_queue, occupancy, .. } = queue;
    let rest = [asa_over_aht, mean_queue, occupancy].map(real);
    Ok([real(erlang_b), real(p_wait), maybe(log10_p_wait)].into_iter().chain(rest).collect())
}

fn waiting_patiently(row: &Row<'_>) -> Result<Vec<String>, Refusal> {
    let (agents, load) = (row.agents("agents")?, row.erlangs("offered_erlangs")?);
    let queue = ErlangA::of(agents, load, row.number("theta_over_mu")?, row.number("T_over_aht")?)?;
    let first = [queue.p_wait, queue.p_abandon, queue.mean_queue, queue.occupancy];
    let levels = ServiceLevel::ALL.map(|definition| queue.service_level(definition));
    let last = [queue.p_abandon_within, queue.mean_wait, queue.asa];
    Ok(first.into_iter().chain(levels).chain(last).map(real).collect())
}

fn chatting(row: &Row<'_>) -> Result<Vec<String>, Refusal> {
    let input = "aht_s_by_level";
    let listed = row.text(input).trim_start_matches('[').trim_end_matches(']');
    let levels = listed.split(['|', ',', ';']).map(|level| level.trim().parse());
    let handle_seconds: Vec<f64> = levels.collect::<Result<_, _>>().map_err(|_| Refusal::NotANumber { input })?;
    if row.agents("max_chats")?.count() != handle_seconds.len() as u64 {
        return Err(Refusal::WrongLength { input });
    }
    let desk = ChatDesk {
        agents: row.agents("agents")?,
        handle_seconds,
        arrivals_per_second: row.number("lambda_per_s")?,
        patience_seconds: row.number("mean_patience_s")?,
        threshold_seconds: row.number("T_s")?,
    };
    let chat = desk.chat()?;
    let figures = [chat.service_level, chat.p_wait, chat.p_abandon, chat.busy, chat.chats_per_agent, chat.mean_queue];
    Ok(figures.map(real).to_vec())
}

fn inviting(row: &Row<'_>) -> Result<Vec<String>, Refusal> {
    let offers = GatedOffers {
        agents: row.agents("agents")?,
        organic: row.erlangs("organic_erlangs")?,
        proactive: row.erlangs("proactive_erlangs_if_ungated")?,
        giving_up: row.number("theta_over_mu")?,
        reserve: row.agents("reserve_agents")?,
    };
    let gated = offers.gated()?;
    let figures = [gated.gate_open, gated.carried_proactive, gated.p_wait_organic, gated.p_abandon, gated.occupancy];
    Ok(figures.map(real).to_vec())
}

fn requiring_c(row: &Row<'_>) -> Result<Vec<String>, Refusal> {
    let goal = ServiceGoal {
        service_level: row.number("sl_target")?,
        threshold_seconds: row.number("threshold_s")?,
        max_occupancy: row.number("max_occupancy")?,
        shrinkage: row.number("shrinkage")?,
    };
    let required = required_c(&row.demand()?, &goal)?;
    let counts = [required.for_service_level, required.agents, required.paid].map(|agents| agents.count().to_string());
    let levels = [real(required.level_of_those), maybe(required.level_of_one_fewer)];
    let rest = [required.service_level, required.p_wait, required.asa_seconds, required.occupancy].map(real);
    Ok([real(required.load.real())].into_iter().chain(counts).chain(levels).chain(rest).collect())
}

fn requiring_a(row: &Row<'_>) -> Result<Vec<String>, Refusal> {
    let input = "sl_definition";
    let goal = PatientGoal {
        patience_seconds: row.number("mean_patience_s")?,
        service_level: row.number("sl_target")?,
        threshold_seconds: row.number("threshold_s")?,
        definition: ServiceLevel::named(row.text(input))
            .ok_or_else(|| Refusal::Unknown { input, known: ServiceLevel::ALL.map(ServiceLevel::name).join(", ") })?,
        max_abandon: row.number("max_abandon")?,
    };
    let required = required_a(&row.demand()?, &goal)?;
    let first = [real(required.load.real()), required.agents.count().to_string()];
    let levels = [real(required.service_level), maybe(required.level_of_one_fewer)];
    let rest = [required.p_abandon, required.p_wait, required.occupancy].map(real);
    Ok(first.into_iter().chain(levels).chain(rest).collect())
}
