//! Hashes that bind each entry to all before it, and looking whether they still do.
//!
//! Arithmetic only: records go in one by one, faults come out.

use std::fmt;

use ingest::ContentHash;
use serde::Serialize;

use super::head::HeadNote;
use crate::proof::{Json, Key, canonical};

/// What the seals of anchors and heads are for; keeps them from being taken for each other.
const ANCHOR: &str = "veracite audit anchor\n";
const HEAD: &str = "veracite audit head\n";
/// Faults that are told; a log that was written anew has one in each entry.
const TOLD: usize = 100;

/// The hash that the first entry is bound to.
#[must_use]
pub fn start() -> ContentHash {
    ContentHash::of(b"veracite audit\n")
}

/// The hash of an entry: SHA-256 of the hash before it in hexadecimal, a line break, and the
/// entry's canonical JSON.
#[must_use]
pub fn link(before: ContentHash, body: &str) -> ContentHash {
    ContentHash::of(format!("{before}\n{body}").as_bytes())
}

/// An entry as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its number, from 1.
    pub seq: i64,
    /// Its canonical JSON.
    pub body: String,
    /// Its hash, in hexadecimal.
    pub hash: String,
}

/// Stands for entries that retention took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// The last entry that went.
    pub until: u64,
    /// Its hash, which the next is bound to.
    pub hash: ContentHash,
    /// The seal of both.
    pub seal: ContentHash,
}

impl Anchor {
    /// An anchor sealed with `key`.
    #[must_use]
    pub fn sealed(until: u64, hash: ContentHash, key: &Key) -> Self {
        Self {
            until,
            hash,
            seal: key.seal_for(ANCHOR, &format!("{until} {hash}")),
        }
    }

    fn holds(&self, key: &Key) -> bool {
        let text = format!("{} {}", self.until, self.hash);
        key.holds_for(ANCHOR, &text, &self.seal)
    }
}

/// The end of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The last entry; zero before the first.
    pub seq: u64,
    /// Its hash.
    pub hash: ContentHash,
    /// The seal of both.
    pub seal: ContentHash,
}

impl Head {
    /// An end sealed with `key`.
    #[must_use]
    pub fn sealed(seq: u64, hash: ContentHash, key: &Key) -> Self {
        Self {
            seq,
            hash,
            seal: key.seal_for(HEAD, &format!("{seq} {hash}")),
        }
    }

    pub(super) fn holds(&self, key: &Key) -> bool {
        let text = format!("{} {}", self.seq, self.hash);
        key.holds_for(HEAD, &text, &self.seal)
    }
}

/// What is wrong with a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fault {
    /// An entry, or its hash, is not what was written.
    Changed {
        /// Its number.
        seq: i64,
    },
    /// An entry stands at another's place.
    Moved {
        /// Where it stands.
        seq: i64,
        /// The number that it says it has.
        says: Option<u64>,
    },
    /// An entry stands where none was written.
    Inserted {
        /// Its number.
        seq: i64,
    },
    /// Entries are gone.
    Removed {
        /// The first.
        from: u64,
        /// The last.
        to: u64,
    },
    /// Entries at the end are gone.
    CutOff {
        /// The last that is there.
        last: u64,
        /// The last that was noted.
        noted: u64,
    },
    /// The entry that was noted as the last has another hash: it and those before it were written anew.
    Rewritten {
        /// Its number.
        seq: u64,
    },
    /// The seal of what stands for entries that retention took is not this installation's.
    ForgedAnchor {
        /// The last entry that it stands for.
        until: u64,
    },
    /// The seal of the noted end is not this installation's.
    ForgedHead,
    /// The end is not noted, or what notes it cannot be read.
    NoHead {
        /// Why.
        reason: String,
    },
    /// An entry tells that the program found another end than the one that was noted.
    EndDiffered {
        /// Its number.
        seq: i64,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed { seq } => write!(formatter, "entry {seq} was changed"),
            Self::Moved {
                seq,
                says: Some(says),
            } => write!(
                formatter,
                "entry {seq} is not its own: it says that it is entry {says}"
            ),
            Self::Moved { seq, says: None } => {
                write!(formatter, "entry {seq} does not say which it is")
            }
            Self::Inserted { seq } => {
                write!(formatter, "entry {seq} stands where none was written")
            }
            Self::Removed { from, to } if from == to => {
                write!(formatter, "entry {from} was removed")
            }
            Self::Removed { from, to } => {
                write!(formatter, "entries {from} to {to} were removed")
            }
            Self::CutOff { last, noted } => write!(
                formatter,
                "the end was cut off: entry {noted} was noted as the last, and entry {last} is"
            ),
            Self::Rewritten { seq } => write!(
                formatter,
                "entry {seq} has another hash than was noted: it, or entries before it, were written anew"
            ),
            Self::ForgedAnchor { until } => write!(
                formatter,
                "what stands for the entries up to {until} is not sealed with the key of this installation"
            ),
            Self::ForgedHead => formatter.write_str(
                "what notes the last entry is not sealed with the key of this installation",
            ),
            Self::NoHead { reason } => write!(formatter, "the last entry is not noted: {reason}"),
            Self::EndDiffered { seq } => write!(
                formatter,
                "when entry {seq} was written the log did not end as was noted"
            ),
        }
    }
}

/// How a log is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Entries that are there.
    pub entries: u64,
    /// The last entry that retention took; none if it took none.
    pub kept_from: Option<u64>,
    /// The last entry; zero if there is none.
    pub last: u64,
    /// Its hash, as it is stored.
    pub last_hash: Option<ContentHash>,
    /// What is wrong: at most the first hundred.
    pub faults: Vec<Fault>,
    /// What should be known and is no fault.
    pub notes: Vec<String>,
}

impl Report {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.faults.is_empty()
    }

    /// Whether what is wrong is only what entries tell of earlier times.
    pub(super) fn is_chained(&self) -> bool {
        let is_told = |fault: &Fault| matches!(fault, Fault::EndDiffered { .. });
        self.faults.iter().all(is_told)
    }
}

/// Looks at a log, entry by entry in order.
#[derive(Debug)]
pub struct Verification<'a> {
    key: Option<&'a Key>,
    head: HeadNote,
    report: Report,
    /// The hash before the next entry; none after one whose hash cannot be known.
    before: Option<ContentHash>,
    next: u64,
    /// The hash of the entry that was noted as the last.
    at_head: Option<ContentHash>,
}

impl<'a> Verification<'a> {
    /// A log that begins after `anchor` and whose end was noted as `head`. Without `key` no seal
    /// is looked at.
    #[must_use]
    pub fn new(anchor: Option<&Anchor>, head: HeadNote, key: Option<&'a Key>) -> Self {
        let mut verification = Self {
            key,
            head,
            report: Report::default(),
            before: Some(start()),
            next: 1,
            at_head: None,
        };
        verification.note_head(0, Some(start()));
        if key.is_none() {
            let words = "there is no key in the data folder: no seal was looked at";
            verification.report.notes.push(words.to_owned());
        }
        if let Some(anchor) = anchor {
            if key.is_some_and(|key| !anchor.holds(key)) {
                let until = anchor.until;
                verification.fault(Fault::ForgedAnchor { until });
            }
            verification.report.kept_from = Some(anchor.until.saturating_add(1));
            verification.before = Some(anchor.hash);
            verification.next = anchor.until.saturating_add(1);
            verification.note_head(anchor.until, Some(anchor.hash));
        }
        verification
    }

    fn fault(&mut self, fault: Fault) {
        if self.report.faults.len() < TOLD {
            self.report.faults.push(fault);
        }
    }

    fn note_head(&mut self, seq: u64, hash: Option<ContentHash>) {
        if let HeadNote::Noted(head) = &self.head
            && head.seq == seq
        {
            self.at_head = hash;
        }
    }

    /// Looks at the next entry.
    pub fn take(&mut self, record: &Record) {
        self.report.entries += 1;
        let seq = match u64::try_from(record.seq) {
            Ok(seq) if seq >= self.next => seq,
            _ => return self.fault(Fault::Inserted { seq: record.seq }),
        };
        if seq > self.next {
            self.fault(Fault::Removed {
                from: self.next,
                to: seq - 1,
            });
            self.before = None;
        }
        let stored: Option<ContentHash> = record.hash.parse().ok();
        let entry = serde_json::from_str::<Json>(&record.body).ok();
        let entry = entry.filter(|entry| canonical(entry.value(), "") == record.body);
        let says = entry.as_ref().map(|entry| entry.value()["seq"].as_u64());
        let is_bound = match (self.before, stored) {
            (Some(before), Some(stored)) => link(before, &record.body) == stored,
            (None, Some(_)) => true,
            (_, None) => false,
        };
        match says {
            Some(says) if says != Some(seq) => self.fault(Fault::Moved {
                seq: record.seq,
                says,
            }),
            Some(_) if is_bound => {}
            _ => self.fault(Fault::Changed { seq: record.seq }),
        }
        if let Some(entry) = entry {
            self.tell(record.seq, &entry);
        }
        self.note_head(seq, stored);
        self.before = stored;
        self.next = seq.saturating_add(1);
        self.report.last = seq;
        self.report.last_hash = stored;
    }

    /// What the program wrote of the log itself.
    fn tell(&mut self, seq: i64, entry: &Json) {
        let entry = entry.value();
        match entry["action"].as_str() {
            Some("end_differs") => self.fault(Fault::EndDiffered { seq }),
            Some("lost") => {
                let count = &entry["details"]["entries"];
                let words = format!("before entry {seq}, {count} entries could not be written");
                self.report.notes.push(words);
            }
            _ => {}
        }
    }

    /// How the log is.
    #[must_use]
    pub fn finish(mut self) -> Report {
        let last = self.next - 1;
        match self.head.clone() {
            HeadNote::Missing if last == 0 => {}
            HeadNote::Missing => self.fault(Fault::NoHead {
                reason: "its file is gone".to_owned(),
            }),
            HeadNote::Unreadable(reason) => self.fault(Fault::NoHead { reason }),
            HeadNote::Noted(head) if self.key.is_some_and(|key| !head.holds(key)) => {
                self.fault(Fault::ForgedHead);
            }
            HeadNote::Noted(head) if head.seq > last => self.fault(Fault::CutOff {
                last,
                noted: head.seq,
            }),
            HeadNote::Noted(head) => {
                if self
                    .report
                    .kept_from
                    .is_some_and(|from| head.seq.saturating_add(1) < from)
                {
                    let words = "the entry that was noted as the last is one that retention took";
                    self.report.notes.push(words.to_owned());
                } else if self.at_head != Some(head.hash) {
                    self.fault(Fault::Rewritten { seq: head.seq });
                }
                if head.seq < last {
                    let words = format!(
                        "entries {} to {last} came after the end was noted: the program writes now, or was killed",
                        head.seq + 1
                    );
                    self.report.notes.push(words);
                }
            }
        }
        self.report
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        Key::open_or_make(tempfile::tempdir().unwrap().path()).unwrap()
    }

    fn log(count: i64) -> Vec<Record> {
        let mut before = start();
        (1..=count)
            .map(|seq| {
                let body = format!(r#"{{"actor":"mina","seq":{seq}}}"#);
                before = link(before, &body);
                let hash = before.to_string();
                Record { seq, body, hash }
            })
            .collect()
    }

    fn head(log: &[Record], key: &Key) -> HeadNote {
        let last = log.last().unwrap();
        let seq = u64::try_from(last.seq).unwrap();
        HeadNote::Noted(Head::sealed(seq, last.hash.parse().unwrap(), key))
    }

    fn verify(log: &[Record], head: HeadNote, key: &Key) -> Report {
        let mut verification = Verification::new(None, head, Some(key));
        for record in log {
            verification.take(record);
        }
        verification.finish()
    }

    #[test]
    fn whatever_is_done_to_any_entry_is_told() {
        let key = key();
        let log = log(6);
        let head = head(&log, &key);
        let whole = verify(&log, head.clone(), &key);
        assert!(whole.is_whole() && whole.notes.is_empty(), "{whole:?}");
        assert_eq!((whole.entries, whole.last), (6, 6));
        for at in 0..log.len() {
            let mut ways: Vec<Vec<Record>> = Vec::new();
            let mut with = |change: &dyn Fn(&mut Vec<Record>)| {
                let mut log = log.clone();
                change(&mut log);
                ways.push(log);
            };
            with(&|log| {
                let other = log[at].body.replace("mina", "jiho");
                log[at].body = other;
            });
            with(&|log| log[at].body.push(' '));
            with(&|log| log[at].hash = start().to_string());
            with(&|log| log[at].hash.push('x'));
            with(&|log| {
                log.remove(at);
            });
            with(&|log| log.truncate(at));
            with(&|log| {
                let twin = log[at].clone();
                log.insert(at, twin);
            });
            with(&|log| {
                let next = (at + 1) % log.len();
                log.swap(at, next);
            });
            with(&|log| {
                // Taken away, and those after it moved up and bound anew.
                log.remove(at);
                let mut before = start();
                for (seq, record) in (1..).zip(log.iter_mut()) {
                    record.seq = seq;
                    record.body = format!(r#"{{"actor":"mina","seq":{seq}}}"#);
                    before = link(before, &record.body);
                    record.hash = before.to_string();
                }
            });
            for (way, log) in ways.iter().enumerate() {
                let report = verify(log, head.clone(), &key);
                assert!(!report.is_whole(), "way {way} at {at}: {report:?}");
            }
        }
    }

    #[test]
    fn what_comes_after_the_note_is_no_fault_and_another_key_is() {
        let key = key();
        let log = log(4);
        let early = head(&log[..2], &key);
        let report = verify(&log, early, &key);
        assert!(report.is_whole(), "{report:?}");
        assert!(report.notes[0].contains("entries 3 to 4"), "{report:?}");
        let none = HeadNote::Noted(Head::sealed(0, start(), &key));
        assert!(verify(&log, none.clone(), &key).is_whole());
        assert!(verify(&[], none, &key).is_whole());
        let other = head(&log, &self::key());
        let report = verify(&log, other, &key);
        assert_eq!(report.faults, [Fault::ForgedHead]);
    }
}
