//! Adapters by name: those of the configuration, and those in folders that may come while the
//! server runs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::config::{Engine, GeneratorConfig};
use crate::ask::NO_ADAPTER;

/// The folder in the data folder whose folders are adapters.
const FOLDER: &str = "adapters";
/// The file by which a folder is told to be an adapter in the format of PEFT.
const CONFIG: &str = "adapter_config.json";
/// Characters of a name.
const NAME_LIMIT: usize = 64;

/// The adapters that a question may name. Folders are looked at anew each time: one that was put
/// there a moment ago counts. Weights are read when a question first asks for them, and are not
/// read again: other weights need another name.
#[derive(Clone, Debug)]
pub struct Adapters {
    configured: BTreeSet<String>,
    /// None where folders are not looked at.
    folder: Option<PathBuf>,
}

impl Adapters {
    /// The adapters of the engine that `config` names, with the data folder `data`.
    #[must_use]
    pub fn new(config: &GeneratorConfig, data: &Path) -> Self {
        let folder = data.join(FOLDER);
        match config.engine {
            Engine::Quote => Self {
                configured: BTreeSet::new(),
                folder: None,
            },
            Engine::Local => Self {
                configured: config.local.adapters.keys().cloned().collect(),
                folder: Some(folder),
            },
            Engine::OpenAi => Self {
                configured: config.openai.adapters.iter().cloned().collect(),
                folder: config.openai.load_adapters.then_some(folder),
            },
        }
    }

    /// Their names.
    #[must_use]
    pub fn names(&self) -> BTreeSet<String> {
        let mut names = self.configured.clone();
        let entries = self
            .folder
            .iter()
            .filter_map(|folder| folder.read_dir().ok());
        for entry in entries.flatten().flatten() {
            let name = entry.file_name();
            if let Some(name) = name.to_str()
                && self.folder_of(name).is_some()
            {
                names.insert(name.to_owned());
            }
        }
        names
    }

    /// Whether there is one of this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.configured.contains(name) || self.folder_of(name).is_some()
    }

    /// The folder that an adapter is read from; none for one that the configuration names, which
    /// the engine has.
    #[must_use]
    pub fn folder_of(&self, name: &str) -> Option<PathBuf> {
        if self.configured.contains(name) || !is_adapter_name(name) {
            return None;
        }
        let folder = self.folder.as_ref()?.join(name);
        folder.join(CONFIG).is_file().then_some(folder)
    }
}

/// Whether an adapter may be called so: a name that leads out of no folder.
pub(super) fn is_adapter_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= NAME_LIMIT
        && name != NO_ADAPTER
        && !name.starts_with('.')
        && name
            .chars()
            .all(|char| char.is_ascii_alphanumeric() || "-_.".contains(char))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_that_come_later_are_found_and_nothing_leads_out_of_them() {
        let data = tempfile::tempdir().unwrap();
        let mut config = GeneratorConfig {
            engine: Engine::Local,
            ..GeneratorConfig::default()
        };
        config
            .local
            .adapters
            .insert("ours".to_owned(), "/srv/ours".into());
        let adapters = Adapters::new(&config, data.path());
        assert_eq!(Vec::from_iter(adapters.names()), ["ours"]);
        for name in ["hr-2", "none", ".hidden", "empty"] {
            let folder = data.path().join(FOLDER).join(name);
            std::fs::create_dir_all(&folder).unwrap();
            if name != "empty" {
                std::fs::write(folder.join(CONFIG), "{}").unwrap();
            }
        }
        std::fs::write(data.path().join(CONFIG), "{}").unwrap();
        assert_eq!(Vec::from_iter(adapters.names()), ["hr-2", "ours"]);
        assert!(adapters.folder_of("hr-2").is_some());
        // The engine has read it already.
        assert!(adapters.has("ours") && adapters.folder_of("ours").is_none());
        for name in ["..", ".", "", "hr-2/../..", "none", "empty", "/etc"] {
            assert!(!adapters.has(name), "{name:?}");
        }
        let other = GeneratorConfig {
            engine: Engine::OpenAi,
            ..GeneratorConfig::default()
        };
        // A server has only what it was told to load.
        assert!(Adapters::new(&other, data.path()).names().is_empty());
    }
}
