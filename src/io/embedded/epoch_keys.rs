//! The keys of an epoch: random, made when first asked for, kept only as the master seals them.

use rusqlite::{Connection, OptionalExtension, params};

use super::{Embedded, EmbeddedError, Mishap, as_counted};
use crate::audit::Event;
use crate::engine::WallTime;
use crate::engine::names::{Domain, Epoch, EpochKey};
use crate::io::master::{Master, random};

/// Under this name it is noted how often keys were destroyed.
pub(super) const DESTRUCTIONS: &str = "destructions";
/// Under this name, the last epoch whose keys were.
pub(super) const DESTROYED_UP_TO: &str = "destroyed_up_to";

impl Embedded {
    /// The four keys of an epoch. Every process gets the same, whoever asks first.
    ///
    /// # Errors
    ///
    /// Where the database fails, or a kept key does not open.
    pub fn epoch_keys(&mut self, epoch: Epoch, now: WallTime) -> Result<[(Domain, EpochKey); 4], EmbeddedError> {
        if let Some(kept) = kept(&self.connection, &self.master, epoch).map_err(|mishap| self.damaged(epoch, mishap))? {
            return Ok(kept);
        }
        if self.number(DESTROYED_UP_TO)?.is_some_and(|last| i64::from(epoch.number()) <= last) {
            tracing::warn!(
                epoch = epoch.number(),
                "the keys of an epoch were destroyed and are made anew, since records of that time are appended: what is \
                 appended now is never taken for the same as what was appended then"
            );
        }
        let (scribe, file) = (self.scribe(now), self.file.clone());
        let made = self.change(|transaction, master| {
            let mut made = 0;
            for domain in Domain::ALL {
                let wrapped = sealed(master, epoch, domain)?;
                let sql = "INSERT OR IGNORE INTO keys (epoch, domain, wrapped, created_at) VALUES (?1, ?2, ?3, ?4)";
                made += transaction.execute(sql, params![epoch.number(), domain.name(), wrapped, now.millis()])?;
            }
            if made > 0 {
                scribe.tell(transaction, &file, vec![Event::KeysMade { epoch: epoch.number() }])?;
            }
            Ok(kept(transaction, master, epoch))
        })?;
        let [action, ..] = Domain::ALL;
        match made.map_err(|mishap| self.damaged(epoch, mishap))? {
            Some(keys) => Ok(keys),
            None => Err(self.damaged(epoch, Trouble::DoesNotOpen(action))),
        }
    }

    /// How often keys of epochs were destroyed.
    ///
    /// # Errors
    ///
    /// Where the database fails.
    pub fn destructions(&self) -> Result<u64, EmbeddedError> {
        Ok(self.number(DESTRUCTIONS)?.map_or(0, as_counted))
    }

    fn damaged(&self, epoch: Epoch, trouble: Trouble) -> EmbeddedError {
        match trouble {
            Trouble::DoesNotOpen(domain) => {
                EmbeddedError::KeyDamaged { file: self.file.clone(), epoch: epoch.number(), domain: domain.name() }
            }
            Trouble::Database(error) => Mishap::Database(error).at(&self.file),
        }
    }
}

fn sealed(master: &Master, epoch: Epoch, domain: Domain) -> Result<Vec<u8>, EmbeddedError> {
    Ok(master.wrap(&random::<32>()?, &purpose(epoch, domain))?)
}

/// Why kept keys are not handed out.
enum Trouble {
    DoesNotOpen(Domain),
    Database(rusqlite::Error),
}

/// What a sealed key is bound to, so that none can be put in another's place.
fn purpose(epoch: Epoch, domain: Domain) -> Vec<u8> {
    format!("{}/{}", epoch.number(), domain.name()).into_bytes()
}

/// All four, or none where one is not there yet.
fn kept(connection: &Connection, master: &Master, epoch: Epoch) -> Result<Option<[(Domain, EpochKey); 4]>, Trouble> {
    let mut keys = Domain::ALL.map(|domain| (domain, EpochKey([0; 32])));
    for (domain, key) in &mut keys {
        match one(connection, master, epoch, *domain)? {
            Some(kept) => *key = kept,
            None => return Ok(None),
        }
    }
    Ok(Some(keys))
}

fn one(connection: &Connection, master: &Master, epoch: Epoch, domain: Domain) -> Result<Option<EpochKey>, Trouble> {
    let sql = "SELECT wrapped FROM keys WHERE epoch = ?1 AND domain = ?2";
    let found = connection.query_row(sql, params![epoch.number(), domain.name()], |row| row.get::<_, Vec<u8>>(0));
    let Some(wrapped) = found.optional().map_err(Trouble::Database)? else { return Ok(None) };
    let opened = master.unwrap(&wrapped, &purpose(epoch, domain)).and_then(|key| key.try_into().ok());
    opened.map(|key| Some(EpochKey(key))).ok_or(Trouble::DoesNotOpen(domain))
}
