//! Files inside a file: their names, and how many and how much of them is taken along.

use unicode_normalization::UnicodeNormalization as _;

use super::Attachment;
use crate::Problem;

/// Files that are taken out of one file.
const MAX_FILES: usize = 2_000;
/// Bytes of one file.
const MAX_FILE: u64 = 100 << 20;
/// Bytes of all files. As text, which takes a third more, they still pass the sandbox, whose
/// output may have 256 MB.
const MAX_FILES_BYTES: u64 = 180 << 20;
/// Characters that the name of a file may have; file systems allow 255.
const MAX_NAME: usize = 500;
/// Files that one problem names.
const MAX_NAMED: usize = 10;

/// Takes files out of a file as long as there is room for them.
#[derive(Debug)]
pub(super) struct Attachments {
    files: Vec<Attachment>,
    left: u64,
    problems: Vec<Problem>,
    /// Files that came when there were enough.
    uncounted: usize,
}

impl Default for Attachments {
    fn default() -> Self {
        Self {
            files: Vec::new(),
            left: MAX_FILES_BYTES,
            problems: Vec::new(),
            uncounted: 0,
        }
    }
}

impl Attachments {
    /// Bytes that the next file may have.
    pub(super) fn room(&self) -> u64 {
        MAX_FILE.min(self.left)
    }

    /// Whether another file can be taken; counts it where not.
    pub(super) fn has_place(&mut self) -> bool {
        let place = self.files.len() < MAX_FILES;
        self.uncounted += usize::from(!place);
        place
    }

    /// Takes a file, or says why not. `name` is made safe to show.
    pub(super) fn add(&mut self, name: &str, bytes: Vec<u8>) {
        let name = safe_name(name);
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if size > self.room() {
            self.too_large(&name);
        } else if self.has_place() {
            self.left -= size;
            self.files.push(Attachment { name, bytes });
        }
    }

    /// Says that a file has more bytes than there is room for.
    pub(super) fn too_large(&mut self, name: &str) {
        let message = if self.left < MAX_FILE {
            format!(
                "`{name}` was not read: the files in it have more than {} MB together",
                MAX_FILES_BYTES >> 20
            )
        } else {
            format!(
                "`{name}` was not read: it has more than {} MB",
                MAX_FILE >> 20
            )
        };
        self.problem(message);
    }

    pub(super) fn problem(&mut self, message: String) {
        self.problems.push(Problem::of_file(message));
    }

    /// The names of the files so far.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|file| file.name.as_str())
    }

    /// The files, and what is to be said about those that were not taken.
    pub(super) fn finish(mut self) -> (Vec<Attachment>, Vec<Problem>) {
        if self.uncounted > 0 {
            let all = self.files.len() + self.uncounted;
            self.problem(format!(
                "it holds {all} files, and only the first {MAX_FILES} were read"
            ));
        }
        (self.files, self.problems)
    }
}

/// A few of many for a problem: `a, b and 3 more`.
pub(super) fn listed(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(MAX_NAMED).cloned().collect();
    let more = names.len() - shown.len();
    if more > 0 {
        format!("{} and {more} more", shown.join(", "))
    } else {
        shown.join(", ")
    }
}

/// A name as it is shown: folders divided by `/`, none of which leads up or to a root, in
/// composed form, without characters that turn or hide others.
pub(super) fn safe_name(name: &str) -> String {
    let name: String = name
        .nfc()
        .filter(|char| !char.is_control() && !is_invisible(*char))
        .take(MAX_NAME)
        .collect();
    let parts: Vec<&str> = name
        .split(['/', '\\'])
        .map(str::trim)
        .filter(|part| !part.is_empty() && !part.bytes().all(|byte| byte == b'.'))
        .filter(|part| !(part.len() == 2 && part.ends_with(':')))
        .collect();
    if parts.is_empty() {
        "file".to_owned()
    } else {
        parts.join("/")
    }
}

/// Marks that change how a name looks: `gpj.exe` shown as `exe.jpg`.
fn is_invisible(char: char) -> bool {
    matches!(char, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_never_a_path_that_leads_out() {
        for (name, shown) in [
            ("../../etc/passwd", "etc/passwd"),
            ("/etc/passwd", "etc/passwd"),
            (r"C:\휴가\..\규정.docx", "휴가/규정.docx"),
            ("a/./b//c.txt", "a/b/c.txt"),
            ("..", "file"),
            ("견적\u{202E}gpj.exe", "견적gpj.exe"),
            ("a\0b\n.txt", "ab.txt"),
            // As macOS writes it.
            ("\u{1112}\u{1172}\u{1100}\u{1161}.txt", "휴가.txt"),
        ] {
            assert_eq!(safe_name(name), shown);
        }
    }

    #[test]
    fn files_over_a_limit_are_named_and_the_rest_is_taken() {
        let mut attachments = Attachments {
            left: 10,
            ..Attachments::default()
        };
        attachments.add("크다.txt", vec![0; 11]);
        attachments.add("작다.txt", vec![0; 10]);
        let (files, problems) = attachments.finish();
        assert_eq!(files.len(), 1);
        assert_eq!(
            problems[0].message,
            "`크다.txt` was not read: the files in it have more than 180 MB together"
        );
    }

    #[test]
    fn the_number_of_files_is_limited() {
        let mut attachments = Attachments::default();
        for number in 0..MAX_FILES + 3 {
            attachments.add(&number.to_string(), vec![1]);
        }
        let (files, problems) = attachments.finish();
        assert_eq!(files.len(), MAX_FILES);
        assert_eq!(
            problems[0].message,
            "it holds 2003 files, and only the first 2000 were read"
        );
    }
}
