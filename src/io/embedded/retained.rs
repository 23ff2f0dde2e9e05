//! What rests in a data folder, how old it is, and who may look at it; looks alone.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, params};

use super::{DATABASE, Embedded, EmbeddedError, MASTER_KEY};
use crate::engine::names::EPOCH_LENGTH;
use crate::engine::{Span, WallTime};

/// The tables whose records have an age, and the column that tells it.
const AGES: [(&str, &str); 8] = [
    ("facts", "appended_at"),
    ("visits", "appended_at"),
    ("rows", "said_at"),
    ("revisions", "said_at"),
    ("baseline", "appended_at"),
    ("audit", "at"),
    ("set_aside", "at"),
    ("unrouted_labels", "seen_at"),
];
/// The bits of a file's mode by which everybody may read it, or enter a folder.
const EVERYBODY: u32 = 0o007;
/// The bits by which its group may.
const GROUP: u32 = 0o070;

/// What rests in a data folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retained {
    /// The tables that are there, and when the oldest record of each was written.
    pub oldest: Vec<(&'static str, Option<WallTime>)>,
    /// The same tables, and when the newest record of each was.
    pub newest: Vec<(&'static str, Option<WallTime>)>,
    /// The tables whose oldest record is not counted yet, and stays until it is.
    pub not_counted: Vec<&'static str>,
    /// Whether deleted bytes are overwritten.
    pub overwrites: bool,
    /// How large the journal is, in bytes.
    pub journal_bytes: u64,
    /// Epochs whose keys should be gone by now.
    pub keys_due: Vec<i32>,
    /// Files and folders, and who beside their owner may use them.
    pub open_to: Vec<(PathBuf, OpenTo)>,
}

/// Who beside its owner may use a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenTo {
    /// Nobody.
    Nobody,
    /// Its group.
    Group,
    /// Everybody.
    Everybody,
}

impl Embedded {
    /// Looks at what is there. Keys are due so long after the end of their epoch, or after they were made.
    ///
    /// # Errors
    ///
    /// Where the database fails, or a file cannot be looked at.
    pub fn retained(&self, now: WallTime, keys_kept: Span, key_file: Option<&Path>) -> Result<Retained, EmbeddedError> {
        let (mut oldest, mut newest, mut not_counted) = (Vec::new(), Vec::new(), Vec::new());
        for (table, column) in AGES {
            if self.look(|connection| is_there(connection, table))? {
                oldest.push((table, self.look(|connection| time_of(connection, table, "min", column))?));
                newest.push((table, self.look(|connection| time_of(connection, table, "max", column))?));
                if self.look(|connection| waits(connection, table))? {
                    not_counted.push(table);
                }
            }
        }
        let due = "SELECT DISTINCT epoch FROM keys WHERE max((epoch + 1) * ?1, created_at) <= ?2 ORDER BY epoch";
        let due_before = now.before(keys_kept).millis();
        let own = self.folder().join(MASTER_KEY);
        let files = [self.folder(), &self.folder().join(DATABASE), key_file.unwrap_or(&own)].map(Path::to_path_buf);
        let open_to = files.into_iter().map(|file| Ok((open_to(&file)?, file)));
        let open_to: Result<Vec<_>, std::io::Error> = open_to.collect();
        let trouble = |source| EmbeddedError::Folder { folder: self.folder().to_path_buf(), source };
        Ok(Retained {
            oldest,
            newest,
            not_counted,
            overwrites: self
                .look(|connection| connection.pragma_query_value(None, "secure_delete", |row| row.get(0)))?,
            journal_bytes: fs::metadata(self.folder().join(format!("{DATABASE}-wal"))).map_or(0, |file| file.len()),
            keys_due: self.look(|connection| {
                let mut statement = connection.prepare_cached(due)?;
                statement.query_map(params![EPOCH_LENGTH.millis(), due_before], |row| row.get(0))?.collect()
            })?,
            open_to: open_to.map_err(trouble)?.into_iter().map(|(open_to, file)| (file, open_to)).collect(),
        })
    }
}

fn is_there(connection: &Connection, table: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1)";
    connection.query_row(sql, [table], |row| row.get(0))
}

fn time_of(connection: &Connection, table: &str, which: &str, column: &str) -> rusqlite::Result<Option<WallTime>> {
    let millis: Option<i64> =
        connection.query_row(&format!("SELECT {which}({column}) FROM {table}"), [], |row| row.get(0))?;
    Ok(millis.map(WallTime::from_millis))
}

/// Whether the first record of a stream comes after what is counted of it.
fn waits(connection: &Connection, table: &str) -> rusqlite::Result<bool> {
    if !["facts", "visits", "baseline"].contains(&table) {
        return Ok(false);
    }
    let sql = format!("SELECT min(seq) > coalesce((SELECT seq FROM positions WHERE name = ?1), 0) FROM {table}");
    let waits: Option<Option<bool>> = connection.query_row(&sql, [table], |row| row.get(0)).optional()?;
    Ok(waits.flatten().unwrap_or(false))
}

fn open_to(file: &Path) -> std::io::Result<OpenTo> {
    let mode = fs::metadata(file)?.permissions().mode();
    Ok(match (mode & EVERYBODY, mode & GROUP) {
        (0, 0) => OpenTo::Nobody,
        (0, _) => OpenTo::Group,
        _ => OpenTo::Everybody,
    })
}
