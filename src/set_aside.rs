//! Set aside: lists where the records lie that could not be used, and why; never what they say.

use crate::cli::SetAsideArgs;
use crate::engine::{EventTime, WallTime};
use crate::io::Embedded;
use crate::io::kafka::{Cluster, Told};
use crate::io::log::Pointer;
use crate::listing::Listing;
use crate::perform::{Failure, load, must_be_there, print};
use crate::settings::Log;
use crate::wire::Rfc3339;

/// So many pointers are read at once.
const AT_ONCE: usize = 1_000;

/// Lists them, oldest first.
pub fn list(args: &SetAsideArgs) -> Result<(), Failure> {
    let settings = load(&args.config)?;
    must_be_there(&settings)?;
    let pointers = match &settings.log {
        Log::Embedded { .. } => all_of(&Embedded::of(&settings)?)?,
        Log::Kafka { .. } => Told::of(&Cluster::of(&settings)?)?.set_aside()?,
    };
    let wanted = pointers.into_iter().filter(|(_, it)| args.class.as_ref().is_none_or(|class| *class == it.class));
    let rows = wanted.map(row).collect();
    let columns = ["set_aside_at", "source", "container", "partition", "position", "class", "path"];
    Ok(print(&Listing { columns, rows }.written(args.format)?)?)
}

fn all_of(log: &Embedded) -> Result<Vec<(WallTime, Pointer)>, Failure> {
    let (mut pointers, mut after) = (Vec::new(), 0);
    loop {
        let page = log.set_aside(after, AT_ONCE)?;
        let Some(last) = page.last() else { return Ok(pointers) };
        after = last.seq;
        pointers.extend(page.into_iter().map(|aside| (aside.at, aside.pointer)));
    }
}

fn row((at, pointer): (WallTime, Pointer)) -> [String; 7] {
    [
        Rfc3339::from(EventTime::from_millis(at.millis())).to_string(),
        pointer.source,
        pointer.container,
        pointer.partition.map(|partition| partition.to_string()).unwrap_or_default(),
        pointer.position.to_string(),
        pointer.class,
        pointer.path.unwrap_or_default(),
    ]
}
