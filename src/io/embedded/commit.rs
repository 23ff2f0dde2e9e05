//! How the runner commits: rows, revisions and how far it counted, in one transaction.

use rusqlite::{ErrorCode, Transaction, params};

use super::{Embedded, EmbeddedError, Mishap, as_stored};
use crate::engine::WallTime;
use crate::io::log::{Commit, SaidRow, Stream};

impl Embedded {
    /// Commits in one transaction that is on the disk when this returns.
    ///
    /// # Errors
    ///
    /// Where the database fails, or a revision was said before; then nothing was committed.
    pub fn commit(&mut self, now: WallTime, what: &Commit<'_>) -> Result<(), EmbeddedError> {
        self.change(|transaction, _| {
            for row in what.rows {
                say(transaction, row, now)?;
            }
            let mut insert =
                transaction.prepare_cached("INSERT OR REPLACE INTO positions (name, seq) VALUES (?1, ?2)")?;
            for stream in Stream::ALL {
                insert.execute(params![stream.name(), as_stored(what.positions.of(stream))])?;
            }
            let sql = "INSERT OR REPLACE INTO progress (only, body) VALUES (0, ?1)";
            transaction.prepare_cached(sql)?.execute(params![what.progress])?;
            Ok(())
        })
    }
}

fn say(transaction: &Transaction<'_>, row: &SaidRow, now: WallTime) -> Result<(), Mishap> {
    let SaidRow { key, business_unit, planning_group, interval_start, revision, body } = row;
    let said_before = || EmbeddedError::SaidBefore { key: key.clone(), revision: *revision };
    let (number, said_at) = (as_stored(*revision), now.millis());
    let sql = "INSERT INTO revisions (key, revision, said_at, body) VALUES (?1, ?2, ?3, ?4)";
    match transaction.prepare_cached(sql)?.execute(params![key, number, said_at, body]) {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
            return Err(said_before().into());
        }
        inserted => inserted?,
    };
    let sql = "INSERT INTO rows (key, business_unit, planning_group, interval_start, revision, said_at, body) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (key) DO UPDATE SET \
               business_unit = excluded.business_unit, planning_group = excluded.planning_group, \
               interval_start = excluded.interval_start, revision = excluded.revision, said_at = excluded.said_at, \
               body = excluded.body WHERE excluded.revision > rows.revision";
    let start = interval_start.millis();
    let changed = transaction.prepare_cached(sql)?.execute(params![
        key,
        &**business_unit,
        &**planning_group,
        start,
        number,
        said_at,
        body
    ])?;
    if changed == 1 { Ok(()) } else { Err(said_before().into()) }
}
