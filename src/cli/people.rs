//! `veracite people`: who may come in, for an administrator on the machine itself.

use std::collections::BTreeSet;
use std::io::{BufRead as _, IsTerminal as _};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use ingest::Group;
use secrecy::SecretString;

use super::beside::with_catalogue;
use crate::app::LOCAL;
use crate::config::Config;
use crate::people::{
    Link, Name, NewPerson, People, PeopleError, Person, PersonChange, Refusal, Role,
};
use crate::proof::SystemClock;
use crate::web::invitation_path;

#[derive(Debug, Args)]
pub(super) struct PeopleArguments {
    #[command(subcommand)]
    command: PeopleCommand,
}

/// Works on the data folder, also while `serve` runs: it sees each change at the next request.
#[derive(Debug, Subcommand)]
enum PeopleCommand {
    /// Lists the people.
    List,
    /// Adds a person, with the password that stands in the first line of the standard input.
    Add(NewArguments),
    /// Adds a person, or names one who is there, and prints a link by which they choose a password.
    Invite(NewArguments),
    /// Gives a person the password that stands in the first line of the standard input, and signs them
    /// out everywhere.
    Passwd {
        /// What they sign in with.
        name: Name,
    },
    /// Keeps a person from signing in, and signs them out everywhere.
    Disable {
        /// What they sign in with.
        name: Name,
        /// Lets them sign in again.
        #[arg(long)]
        undo: bool,
    },
    /// Takes a person away, with their sessions and keys.
    Remove {
        /// What they sign in with.
        name: Name,
    },
}

#[derive(Debug, Args)]
struct NewArguments {
    /// What they sign in with: letters, digits and `-_.@+`.
    name: Name,
    /// What others see; the name, if left out.
    #[arg(long, default_value = "", value_name = "NAME")]
    display_name: String,
    /// What they may do: `reader`, `editor` or `admin`.
    #[arg(long, default_value = "reader")]
    role: Role,
    /// A group that they are in, besides `everyone`; may be given again.
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<Group>,
}

impl From<NewArguments> for NewPerson {
    fn from(arguments: NewArguments) -> Self {
        Self {
            name: arguments.name,
            display_name: arguments.display_name,
            role: arguments.role,
            groups: arguments.groups.into_iter().collect::<BTreeSet<_>>(),
        }
    }
}

pub(super) async fn run(config: Config, arguments: PeopleArguments) -> anyhow::Result<ExitCode> {
    with_catalogue(&config, async |catalogue, audit, _| {
        let limits = config.server.session_limits();
        let clock = Arc::new(SystemClock);
        let vouchers = config.server.vouchers();
        let people = People::new(catalogue.clone(), clock, limits, vouchers, audit.clone());
        change(&people, &config, arguments.command).await
    })
    .await?;
    Ok(ExitCode::SUCCESS)
}

async fn change(people: &People, config: &Config, command: PeopleCommand) -> anyhow::Result<()> {
    match command {
        PeopleCommand::List => {
            for person in people.list().await? {
                println!("{}", line(&person));
            }
        }
        PeopleCommand::Add(new) => {
            let password = read_password()?;
            let person = people.add(LOCAL, new.into(), &password).await?;
            println!("{}", line(&person));
        }
        PeopleCommand::Invite(new) => {
            let link = invite(people, new.into()).await?;
            println!(
                "http://{}{}",
                config.server.bind,
                invitation_path(&link.token)
            );
            eprintln!("the link works once, until {:.0}", link.expires);
        }
        PeopleCommand::Passwd { name } => {
            let person = person(people, &name).await?;
            let password = read_password()?;
            people.set_password(LOCAL, &person.id, &password).await?;
        }
        PeopleCommand::Disable { name, undo } => {
            let change = PersonChange {
                disabled: Some(!undo),
                ..PersonChange::default()
            };
            let person = person(people, &name).await?;
            people.change(LOCAL, &person.id, change).await?;
        }
        PeopleCommand::Remove { name } => {
            let person = person(people, &name).await?;
            people.remove(LOCAL, &person.id).await?;
        }
    }
    Ok(())
}

/// The link for a new person, or for one who is there already.
async fn invite(people: &People, new: NewPerson) -> anyhow::Result<Link> {
    match people.named(&new.name).await {
        Ok(person) => Ok(people.invite_again(LOCAL, &person.id).await?),
        Err(PeopleError::Refused(Refusal::NotFound)) => Ok(people.invite(LOCAL, new).await?.1),
        Err(error) => Err(error.into()),
    }
}

async fn person(people: &People, name: &Name) -> anyhow::Result<Person> {
    let found = people.named(name).await;
    found.with_context(|| format!("`{name}` cannot be changed"))
}

/// The first line of the standard input. A password on the command line would stand in the list of
/// processes and in the shell's history.
fn read_password() -> anyhow::Result<SecretString> {
    let input = std::io::stdin();
    if input.is_terminal() {
        eprintln!("the password, then Enter (it is shown as you type):");
    }
    let mut line = String::new();
    input
        .lock()
        .read_line(&mut line)
        .context("the password cannot be read")?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        bail!("there is no password in the standard input");
    }
    Ok(SecretString::from(password.to_owned()))
}

fn line(person: &Person) -> String {
    let state = if person.disabled {
        "disabled"
    } else if person.has_password || person.has_identity {
        "active"
    } else {
        "invited"
    };
    let groups = person.all_groups();
    let groups: Vec<&str> = groups.iter().map(Group::as_str).collect();
    format!(
        "{:<24}  {:<6}  {state:<8}  {}  {}",
        person.name.as_str(),
        person.role.as_str(),
        person.display_name,
        groups.join(",")
    )
}
