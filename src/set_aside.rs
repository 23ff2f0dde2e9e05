//! Set aside: lists where the records lie that could not be used, and why; never what they say.

use crate::cli::SetAsideArgs;
use crate::engine::EventTime;
use crate::io::Embedded;
use crate::io::embedded::SetAside;
use crate::listing::Listing;
use crate::perform::{Failure, load_embedded, print};
use crate::wire::Rfc3339;

/// So many pointers are read at once.
const AT_ONCE: usize = 1_000;

/// Lists them, oldest first.
pub fn list(args: &SetAsideArgs) -> Result<(), Failure> {
    let log = Embedded::of(&load_embedded(&args.config)?)?;
    let (mut rows, mut after) = (Vec::new(), 0);
    loop {
        let page = log.set_aside(after, AT_ONCE)?;
        let Some(last) = page.last() else { break };
        after = last.seq;
        let wanted = page.into_iter().filter(|aside| args.class.as_ref().is_none_or(|it| *it == aside.pointer.class));
        rows.extend(wanted.map(row));
    }
    let columns = ["set_aside_at", "source", "container", "partition", "position", "class", "path"];
    Ok(print(&Listing { columns, rows }.written(args.format)?)?)
}

fn row(aside: SetAside) -> [String; 7] {
    let SetAside { at, pointer, .. } = aside;
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
