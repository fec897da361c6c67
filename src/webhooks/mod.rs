//! Webhooks: other programs are told what becomes of documents.
//!
//! A message is written by the catalogue itself, in the transaction that changes the document
//! (`catalogue/webhooks.sql`), and sent afterwards until the other side says that it has it: at
//! least once, for a document in order, whatever crashes. It is signed as [Standard
//! Webhooks](https://www.standardwebhooks.com/) have it, and says which document and version is
//! meant and how it is with it, never what stands in it.
//!
//! | module | what it is for |
//! |---|---|
//! | `types` | webhooks, events and messages |
//! | `config` | `[[webhooks]]` |
//! | `sign` | secrets and signatures |
//! | `deliver` | messages on their way |

mod config;
mod deliver;
mod sign;
mod types;

pub use config::WebhookConfig;
pub(crate) use config::configured;
pub(crate) use deliver::{Attempt, Delivery, deliver};
pub use sign::{Secret, WrongSecret};
pub use types::{Event, Message, MessageState, UnknownEvent, Webhook, WebhookId, check_url};
