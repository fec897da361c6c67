//! Finds files under paths. It opens and changes none of them.

use std::collections::HashSet;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

/// A file that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where it is, beginning with the path that was named.
    pub path: PathBuf,
}

/// The files that `paths` name, and those in the folders that they name, sorted by path.
///
/// Hidden files and folders, and what editors leave beside open documents (`~$plan.docx`),
/// are skipped inside folders but found when named. Links are followed; each file is found
/// once. Beside the files come the paths that could not be read, with the reason.
pub fn find(paths: &[PathBuf]) -> (Vec<Found>, Vec<(PathBuf, io::Error)>) {
    let mut found = Vec::new();
    let mut unreadable = Vec::new();
    let mut seen = HashSet::new();
    let mut waiting: Vec<PathBuf> = paths.iter().rev().cloned().collect();
    while let Some(path) = waiting.pop() {
        let metadata = match fs::metadata(&path) {
            Ok(metadata) => metadata,
            Err(error) => {
                unreadable.push((path, error));
                continue;
            }
        };
        if !seen.insert(identity(&path, &metadata)) {
            continue;
        }
        if metadata.is_file() {
            found.push(Found { path });
        } else if metadata.is_dir() {
            match entries(&path) {
                Ok(entries) => waiting.extend(entries),
                Err(error) => unreadable.push((path, error)),
            }
        } else if paths.contains(&path) {
            let error = io::Error::new(
                io::ErrorKind::InvalidInput,
                "this is neither a file nor a folder",
            );
            unreadable.push((path, error));
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    unreadable.sort_by(|one, other| one.0.cmp(&other.0));
    (found, unreadable)
}

/// What is in a folder, less what is hidden; sorted, so that of a file with two names the
/// same is found each time.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let hidden = name.starts_with('.')
            || name.starts_with("~$")
            || name.ends_with('~')
            || matches!(&*name, "Thumbs.db" | "desktop.ini");
        // A link that leads nowhere is not worth a word; what cannot be looked at is.
        let is_gone = || {
            fs::metadata(entry.path()).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
        };
        if !hidden && !is_gone() {
            entries.push(entry.path());
        }
    }
    entries.sort_by(|one, other| other.cmp(one));
    Ok(entries)
}

/// What two paths to the same file share.
#[cfg(unix)]
fn identity(_path: &Path, metadata: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt as _;
    (metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
fn identity(path: &Path, _metadata: &Metadata) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path, found: &[Found]) -> Vec<String> {
        found
            .iter()
            .map(|found| {
                let path = found.path.strip_prefix(folder).unwrap();
                path.to_string_lossy().into_owned()
            })
            .collect()
    }

    #[test]
    fn folders_are_read_with_all_that_is_in_them_but_what_is_hidden() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("b/.git")).unwrap();
        for name in [
            "b/two.md",
            "a.txt",
            "b/.git/config",
            ".DS_Store",
            "b/~$two.docx",
        ] {
            fs::write(root.join(name), "x").unwrap();
        }
        let (found, unreadable) = find(&[root.to_owned()]);
        assert_eq!(names(root, &found), ["a.txt", "b/two.md"]);
        assert!(unreadable.is_empty());
        let (found, _) = find(&[root.join("b/.git/config")]);
        assert_eq!(names(root, &found), ["b/.git/config"]);
    }

    #[test]
    fn a_path_that_is_not_there_is_reported_and_the_others_found() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::write(root.join("a.txt"), "x").unwrap();
        let (found, unreadable) = find(&[root.join("none"), root.join("a.txt")]);
        assert_eq!(names(root, &found), ["a.txt"]);
        assert_eq!(unreadable[0].0, root.join("none"));
        assert_eq!(unreadable[0].1.kind(), io::ErrorKind::NotFound);
    }

    #[cfg(unix)]
    #[test]
    fn a_loop_of_links_ends_and_a_file_is_found_once() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir(root.join("b")).unwrap();
        fs::write(root.join("b/a.txt"), "x").unwrap();
        std::os::unix::fs::symlink(root, root.join("b/loop")).unwrap();
        std::os::unix::fs::symlink(root.join("b/a.txt"), root.join("c.txt")).unwrap();
        let (found, unreadable) = find(&[root.to_owned(), root.join("b/a.txt")]);
        assert_eq!(names(root, &found), ["b/a.txt"]);
        assert!(unreadable.is_empty());
    }
}
