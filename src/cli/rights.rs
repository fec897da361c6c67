//! `veracite rights`: who may do how much with a document or a collection, for an administrator on
//! the machine itself.

use std::process::ExitCode;
use std::str::FromStr;
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use clap::{Args, Subcommand};
use ingest::{DocumentId, Group};

use super::beside::with_catalogue;
use crate::app::LOCAL;
use crate::ask::Reader;
use crate::audit::{Action, Audit, Event};
use crate::catalogue::{Catalogue, Metadata, MetadataChange, folded};
use crate::config::Config;
use crate::people::{Name, People, Person};
use crate::proof::SystemClock;
use crate::rights::{
    DocumentRights, Follows, Giver, Grants, Level, PersonAccess, Principal, Readership,
    ReadershipOf, RightsChange,
};

#[derive(Debug, Args)]
pub(super) struct RightsArguments {
    #[command(subcommand)]
    command: RightsCommand,
}

/// Works on the data folder, also while `serve` runs. What is taken away is gone with the next
/// question; what is given to a document comes as soon as the indexes know, within moments.
#[derive(Debug, Subcommand)]
enum RightsCommand {
    /// Shows the rights to a document or a collection; without either, the collections.
    Show {
        #[command(flatten)]
        target: Target,
    },
    /// Sets the rights to a document or a collection, all of them.
    Set {
        #[command(flatten)]
        target: Target,
        /// Who may do how much, such as `hr=download`, `everyone=find` or `person/mina=quote`; may be
        /// given again.
        #[arg(long = "grant", value_name = "WHO=LEVEL", conflicts_with = "inherit")]
        grants: Vec<Grant>,
        /// Lets the document follow its collection, or the collection the default rights.
        #[arg(long)]
        inherit: bool,
        /// Also if nobody could find it then.
        #[arg(long)]
        confirm: bool,
    },
    /// Says who can read a document: people and keys, how much they may do, and by which grants.
    Who {
        /// The document's id.
        document: DocumentId,
        /// Only this person, also if they may do nothing.
        #[arg(long, value_name = "NAME")]
        person: Option<Name>,
    },
}

#[derive(Debug, Args)]
struct Target {
    /// The document's id, as `veracite documents` lists it.
    #[arg(value_name = "DOCUMENT", conflicts_with = "collection")]
    document: Option<DocumentId>,
    /// The name of a collection.
    #[arg(long, value_name = "NAME")]
    collection: Option<String>,
}

/// What stands after `--grant`.
#[derive(Clone, Debug)]
struct Grant {
    who: String,
    level: Level,
}

impl FromStr for Grant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            "somebody, `=`, and `find`, `quote` or `download` are expected, as in `hr=quote`"
                .to_owned()
        };
        let (who, level) = text.rsplit_once('=').ok_or_else(wrong)?;
        let level = Level::ALL.into_iter().find(|known| known.as_str() == level);
        Ok(Self {
            who: who.to_owned(),
            level: level.ok_or_else(wrong)?,
        })
    }
}

pub(super) async fn run(config: Config, arguments: RightsArguments) -> anyhow::Result<ExitCode> {
    with_catalogue(&config, async |catalogue, audit, is_alone| {
        if is_alone {
            let readers = &config.ingest.default_readers;
            catalogue.set_default_readers(readers).await?;
        }
        let limits = config.server.session_limits();
        let clock = Arc::new(SystemClock);
        let vouchers = config.server.vouchers();
        let people = People::new(catalogue.clone(), clock, limits, vouchers, audit.clone());
        let people = people.list().await?;
        let here = Here {
            catalogue,
            people,
            audit,
        };
        here.carry_out(&config, arguments.command).await
    })
    .await?;
    Ok(ExitCode::SUCCESS)
}

struct Here<'a> {
    catalogue: &'a Catalogue,
    people: Vec<Person>,
    audit: &'a Audit,
}

impl Here<'_> {
    async fn carry_out(&self, config: &Config, command: RightsCommand) -> anyhow::Result<()> {
        match command {
            RightsCommand::Show { target } => match (target.document, target.collection) {
                (Some(id), _) => self.show(&self.document(id).await?),
                (None, name) => self.show_collections(name.as_deref()).await?,
            },
            RightsCommand::Set {
                target,
                grants,
                inherit,
                confirm,
            } => {
                let grants = if inherit {
                    None
                } else {
                    Some(self.read(&grants)?)
                };
                match (target.document, target.collection) {
                    (Some(id), _) => self.set(id, grants, confirm).await?,
                    (None, Some(name)) => self.set_collection(&name, grants, confirm).await?,
                    (None, None) => bail!("name a document or a `--collection`"),
                }
            }
            RightsCommand::Who { document, person } => {
                let rights = self.document(document).await?;
                self.who(config, &rights.effective, person.as_ref())?;
            }
        }
        Ok(())
    }

    async fn document(&self, id: DocumentId) -> anyhow::Result<DocumentRights> {
        let rights = self.catalogue.rights_of(id).await?;
        rights.with_context(|| format!("there is no document {id}"))
    }

    fn read(&self, given: &[Grant]) -> anyhow::Result<Grants> {
        let mut grants = Grants::none();
        for grant in given {
            grants.give(self.principal(&grant.who)?, grant.level);
        }
        Ok(grants)
    }

    fn principal(&self, text: &str) -> anyhow::Result<Principal> {
        let Some(name) = text.strip_prefix("person/") else {
            return Ok(Principal::Group(text.parse::<Group>()?));
        };
        let folded = Name::folded(name);
        let person = self
            .people
            .iter()
            .find(|person| person.id.as_str() == name || person.name.as_str() == folded);
        let person = person.with_context(|| format!("there is no person `{name}`"))?;
        Ok(Principal::Person(person.id.clone()))
    }

    fn named(&self, principal: &Principal) -> String {
        match principal {
            Principal::Group(group) => group.to_string(),
            Principal::Person(id) => match self.people.iter().find(|person| person.id == *id) {
                Some(person) => format!("person/{}", person.name),
                None => principal.to_string(),
            },
        }
    }

    fn print(&self, grants: &Grants) {
        if grants.is_empty() {
            println!("  nobody");
        }
        for (principal, level) in grants.iter() {
            println!("  {:<24}  {level}", self.named(principal));
        }
    }

    fn show(&self, rights: &DocumentRights) {
        let follows = match (&rights.follows, &rights.own) {
            (Follows::Own, Some(own)) if !own.by_hand => "as it was handed in".to_owned(),
            (Follows::Own, _) => "its own".to_owned(),
            (Follows::Parent(id), _) => format!("those of {id}, which it came in"),
            (Follows::Collection(name), _) => format!("those of the collection {name}"),
            (Follows::Default, _) => "the default (`ingest.default_readers`)".to_owned(),
        };
        println!("{}  {}\nrights: {follows}", rights.id, rights.title);
        self.print(&rights.effective);
    }

    async fn show_collections(&self, name: Option<&str>) -> anyhow::Result<()> {
        let mut any = false;
        for collection in self.catalogue.collections().await? {
            if name.is_some_and(|name| folded(name) != folded(&collection.name)) {
                continue;
            }
            any = true;
            let from = match collection.own {
                Some(_) => "its own",
                None => "the default (`ingest.default_readers`)",
            };
            println!("{}\nrights: {from}", collection.name);
            self.print(&collection.effective);
        }
        match name {
            Some(name) if !any => Err(anyhow!("there is no collection `{name}`")),
            _ => Ok(()),
        }
    }

    async fn record(
        &self,
        subject: &str,
        before: &Grants,
        after: &Grants,
        inherits: bool,
    ) -> anyhow::Result<()> {
        let event = Event::new(LOCAL, Action::RightsChanged, subject)
            .with("before", before)
            .with("after", after)
            .with("inherits", inherits);
        Ok(self.audit.record(event).await?)
    }

    async fn set(
        &self,
        id: DocumentId,
        grants: Option<Grants>,
        confirm: bool,
    ) -> anyhow::Result<()> {
        let rights = self.document(id).await?;
        if matches!(rights.inherited_from, Follows::Parent(_)) {
            bail!(crate::rights::RightsRefusal::ComesInAnother);
        }
        let after = grants.as_ref().unwrap_or(&rights.inherited);
        Giver::Admin.may_change(&rights.effective, after, confirm)?;
        let subject = id.to_string();
        let inherits = grants.is_none();
        self.record(&subject, &rights.effective, after, inherits)
            .await?;
        let change = grants.map_or(RightsChange::Inherit, RightsChange::Own);
        self.catalogue.set_rights(id, &change).await?;
        // Who serves from the folder has the indexes, and takes it from the queue.
        self.catalogue.queue_under(id).await?;
        self.show(&self.document(id).await?);
        Ok(())
    }

    async fn set_collection(
        &self,
        name: &str,
        grants: Option<Grants>,
        confirm: bool,
    ) -> anyhow::Result<()> {
        let change = MetadataChange {
            collection: Some(Some(name.to_owned())),
            ..MetadataChange::default()
        };
        let named = change.apply(&Metadata::default())?.collection;
        let name = named.context("a collection has a name")?;
        let before = self.catalogue.rights_in(Some(&name)).await?;
        let after = match &grants {
            Some(grants) => grants.clone(),
            None => self.catalogue.rights_in(None).await?,
        };
        Giver::Admin.may_change(&before, &after, confirm)?;
        let subject = format!("collection {name}");
        self.record(&subject, &before, &after, grants.is_none())
            .await?;
        self.catalogue
            .set_collection_rights(&name, grants.as_ref())
            .await?;
        self.show_collections(Some(&name)).await
    }

    fn who(&self, config: &Config, grants: &Grants, person: Option<&Name>) -> anyhow::Result<()> {
        if let Some(name) = person {
            let person = self.people.iter().find(|person| person.name == *name);
            let person = person.with_context(|| format!("there is no person `{name}`"))?;
            self.tell(&PersonAccess::of_person(person.clone(), grants));
            return Ok(());
        }
        let keys = config.server.keys.iter();
        let keys = keys.map(|key| {
            let reader = Reader::new(key.groups.iter().cloned());
            (key.name.clone(), reader)
        });
        let told = Readership::new(grants, self.people.clone(), keys);
        for access in &told.readers {
            self.tell(access);
        }
        println!("{} people and keys have no right", told.without);
        let admins: Vec<&str> = told
            .admins
            .iter()
            .map(|admin| admin.name.as_str())
            .collect();
        println!(
            "administrators, who may give themselves one: {}",
            admins.join(", ")
        );
        Ok(())
    }

    fn tell(&self, access: &PersonAccess) {
        let who = match &access.who {
            ReadershipOf::Person(person) => person.name.to_string(),
            ReadershipOf::Key(name) => format!("key {name}"),
        };
        let by = access.by.iter();
        let by = by.map(|(principal, level)| format!("{}={level}", self.named(principal)));
        let by: Vec<String> = by.collect();
        let level = access.level.map_or("nothing", Level::as_str);
        println!("{who:<24}  {level:<8}  {}", by.join(", "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_is_somebody_and_a_level() {
        let grant: Grant = "person/mina@example.com=quote".parse().unwrap();
        assert_eq!(
            (grant.who.as_str(), grant.level),
            ("person/mina@example.com", Level::Quote)
        );
        for bad in ["hr", "hr=", "hr=read", ""] {
            assert!(bad.parse::<Grant>().is_err(), "{bad}");
        }
    }
}
