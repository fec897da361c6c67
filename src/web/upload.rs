//! `POST /v1/documents`: files come in, streamed to disk, each on its own.
//!
//! A file's name is only a name: it never becomes a path here. One bad file does not lose the
//! others.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use axum::Json;
use axum::extract::State;
use axum::extract::multipart::{Field, Multipart, MultipartRejection};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use ingest::parse::{ParseError, sniff};
use ingest::{Day, Group};
use secrecy::SecretString;
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt as _;
use unicode_normalization::UnicodeNormalization as _;

use super::Shared;
use super::error::Error;
use super::groups;
use super::office::between_commas;
use super::rights;
use super::viewer::{Speaks, Viewer};
use super::wire::{UploadReport, UploadedFile};
use crate::app::App;
use crate::audit::Action;
use crate::catalogue::{MetadataChange, NewDocument};
use crate::language::Language;
use crate::library::upload_place;
use crate::rights::Level;

/// Passwords in one request.
const PASSWORDS_LIMIT: usize = 20;
/// Files in one request.
const FILES_LIMIT: usize = 500;
/// Bytes of a field that is no file.
const TEXT_LIMIT: usize = 64 * 1024;
/// Bytes of a file's name, as most file systems have it.
const NAME_LIMIT: usize = 255;
/// A larger file is told apart while it is read, not before it is taken.
const SNIFF_LIMIT: u64 = 64 * 1024 * 1024;

/// The folder that files stay in until the library has them.
pub(super) fn folder(app: &App) -> PathBuf {
    app.config().data.join("uploads")
}

/// Removes what a killed process left behind.
pub(super) fn clear(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(PREFIX) {
            // A file that stays only takes room, and writing will say when there is none.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

const PREFIX: &str = "upload-";

struct Received {
    name: String,
    file: Result<NamedTempFile, Error>,
}

/// Takes files.
#[utoipa::path(
    post, path = "/v1/documents", tag = "documents",
    request_body(content_type = "multipart/form-data", description = "`file`, any number of times; `readers`: the groups that may read them, divided by commas; what is to be said of all of them: `metadata`, JSON as `PATCH /v1/documents/{id}` takes it, or `collection`, `tags` (divided by commas), `effective_from` and `effective_until`; and `password`, any number of times: what may open them"),
    responses(
        (status = 202, description = "At least one file was taken; they are read in the background", body = UploadReport),
        (status = "4XX", description = "No file was taken: the same report, or an error of the whole request", body = UploadReport),
    )
)]
pub(super) async fn upload(
    State(shared): State<Shared>,
    viewer: Viewer,
    Speaks(language): Speaks,
    multipart: Result<Multipart, MultipartRejection>,
) -> Result<Response, Error> {
    let (status, report) = take(&shared, &viewer, language, multipart, Sender::Program).await?;
    Ok((status, Json(report)).into_response())
}

/// Who sends files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sender {
    /// A program, or a script of our page.
    Program,
    /// A form of our page, which carries the word of its session.
    Form,
}

/// Takes the files of a request. Gives what became of each.
pub(super) async fn take(
    shared: &Shared,
    viewer: &Viewer,
    language: Language,
    multipart: Result<Multipart, MultipartRejection>,
    sender: Sender,
) -> Result<(StatusCode, UploadReport), Error> {
    viewer.must_upload()?;
    let mut multipart = multipart.map_err(|_| Error::MediaType {
        expected: "multipart/form-data",
    })?;
    let (mut form_token, mut said) = (String::new(), Vec::new());
    let folder = folder(&shared.app);
    tokio::fs::create_dir_all(&folder)
        .await
        .map_err(|error| Error::writing(&error))?;
    let mut named = None;
    let mut metadata = MetadataChange::default();
    let mut passwords = Vec::new();
    let mut received: Vec<Received> = Vec::new();
    // What is too large is read past, so that the files after it are not lost, but not forever.
    let mut patience = shared.app.config().ingest.max_file.as_u64();
    loop {
        let field = match multipart.next_field().await {
            Ok(Some(field)) => field,
            Ok(None) => break,
            // Who may read the files may have stood in the part that did not come.
            Err(_) if named.is_none() => return Err(Error::BrokenFile),
            Err(_) if !received.is_empty() => break,
            Err(error) => return Err(Error::field("file", error.body_text())),
        };
        match field.name() {
            Some("file") if received.len() >= FILES_LIMIT => {
                return Err(Error::field(
                    "file",
                    format!("more than {FILES_LIMIT} files"),
                ));
            }
            Some("file") => {
                let sent = field.file_name().unwrap_or_default().to_owned();
                let one = receive(field, &sent, &folder, shared, &mut patience).await;
                let gives_up = matches!(&one.file, Err(Error::LargeFile { .. })) && patience == 0;
                if gives_up && named.is_none() {
                    return Err(one.file.err().unwrap_or(Error::BrokenFile));
                }
                received.push(one);
                if gives_up {
                    break;
                }
            }
            Some("readers") => {
                named = Some(read_readers(field, viewer).await?);
            }
            Some("password") if passwords.len() >= PASSWORDS_LIMIT => {
                let more = format!("more than {PASSWORDS_LIMIT} of them");
                return Err(Error::field("password", more));
            }
            Some("password") => {
                passwords.push(SecretString::from(read_text(field, "password").await?));
            }
            Some("metadata") => {
                let text = read_text(field, "metadata").await?;
                metadata =
                    serde_json::from_str(&text).map_err(|error| Error::field("metadata", error))?;
            }
            Some("form_token") if sender == Sender::Form => {
                form_token = read_text(field, "form_token").await?;
            }
            Some("collection") => said.push(("collection", read_text(field, "collection").await?)),
            Some("tags") => said.push(("tags", read_text(field, "tags").await?)),
            Some("effective_from") => {
                said.push(("effective_from", read_text(field, "effective_from").await?));
            }
            Some("effective_until") => {
                said.push((
                    "effective_until",
                    read_text(field, "effective_until").await?,
                ));
            }
            other => return Err(Error::field(other.unwrap_or("?"), "no such field")),
        }
    }
    if sender == Sender::Form {
        viewer.must_be_our_form(form_token.trim())?;
    }
    if received.is_empty() {
        return Err(Error::field("file", "no file came"));
    }
    for (name, text) in &said {
        say(&mut metadata, name, text.trim())?;
    }
    if let Some(Some(collection)) = &metadata.collection {
        rights::may_fill(shared, viewer, collection).await?;
    }
    // Where nobody is named, the document follows its collection.
    let readers = named.flatten().unwrap_or_default();
    let mut files = Vec::with_capacity(received.len());
    let mut worst = None;
    for one in received {
        let name = one.name.clone();
        let taken = submit(shared, viewer, one, &readers, &metadata, &passwords).await;
        files.push(match taken {
            Ok(taken) => UploadedFile {
                file_name: name,
                id: Some(taken.id.to_string()),
                version: Some(taken.version.to_string()),
                unchanged: Some(taken.unchanged),
                error: None,
            },
            Err(error) => {
                worst.get_or_insert(error.status());
                let error = Some(error.fields(language));
                UploadedFile {
                    file_name: name,
                    id: None,
                    version: None,
                    unchanged: None,
                    error,
                }
            }
        });
    }
    let any = files.iter().any(|file| file.id.is_some());
    let status = worst.filter(|_| !any).unwrap_or(StatusCode::ACCEPTED);
    Ok((status, UploadReport { files }))
}

/// What a field says of all files; one that is left empty says nothing.
pub(super) fn say(metadata: &mut MetadataChange, name: &str, text: &str) -> Result<(), Error> {
    if text.is_empty() {
        return Ok(());
    }
    let day = || {
        let day = text.parse::<Day>();
        day.map(|day| Some(Some(day)))
            .map_err(|error| Error::field(name, error))
    };
    match name {
        "collection" => metadata.collection = Some(Some(text.to_owned())),
        "tags" => metadata.tags = Some(Some(between_commas(text))),
        "effective_from" => metadata.effective_from = day()?,
        "effective_until" => metadata.effective_until = day()?,
        _ => return Err(Error::field(name, "no such field")),
    }
    Ok(())
}

async fn submit(
    shared: &Shared,
    viewer: &Viewer,
    received: Received,
    readers: &BTreeSet<Group>,
    metadata: &MetadataChange,
    passwords: &[SecretString],
) -> Result<crate::library::Submitted, Error> {
    let file = received.file?;
    let has_passwords =
        !passwords.is_empty() || shared.app.config().ingest.passwords_file.is_some();
    refuse_unreadable(file.path().to_owned(), received.name.clone(), has_passwords).await?;
    let default = &shared.app.config().ingest.default_readers;
    let among = if readers.is_empty() { default } else { readers };
    let document = NewDocument {
        place: upload_place(among, &received.name),
        file_name: received.name,
        path: file.path().to_owned(),
        readers: readers.clone(),
        parent: None,
        // People are told apart by what they may read, as long as they have no names here.
        lane: upload_place(among, ""),
        metadata: metadata.clone(),
        passwords: passwords.to_vec(),
    };
    let library = shared.app.library();
    let id = library.id_at(&document.place).await?;
    // What lies there is replaced by those who may have it, and by nobody else.
    if library.rights(id).await?.is_some() {
        let there = library.get(id, &viewer.reader).await?;
        if there.is_none_or(|there| there.level < Level::Download) {
            return Err(Error::Forbidden);
        }
    }
    let event = viewer.does(Action::Upload, id);
    let event = event.with("file_name", &document.file_name);
    let event = event
        .with("readers", readers)
        .with("fields", metadata.fields());
    shared.record(event).await?;
    library.submit(document).await.map_err(|error| {
        let error = Error::from(error);
        shared.failed(viewer, id, &error);
        error
    })
}

/// Refuses a file whose format is not read, before it is stored. What a password may open, and a
/// ZIP that broke off, are left to who reads them.
async fn refuse_unreadable(path: PathBuf, name: String, has_passwords: bool) -> Result<(), Error> {
    let told = tokio::task::spawn_blocking(move || -> std::io::Result<Option<ParseError>> {
        if std::fs::metadata(&path)?.len() > SNIFF_LIMIT {
            return Ok(None);
        }
        let bytes = std::fs::read(&path)?;
        Ok(sniff::sniff(&bytes, &name)
            .err()
            .filter(|error| match error {
                ParseError::Encrypted { .. } => !has_passwords,
                ParseError::Damaged { .. } => !bytes.starts_with(b"PK\x03\x04"),
                _ => true,
            }))
    });
    match told.await {
        Ok(Ok(None)) => Ok(()),
        Ok(Ok(Some(ParseError::Empty))) => Err(Error::EmptyFile),
        Ok(Ok(Some(error))) => Err(Error::UnreadableFile(error)),
        Ok(Err(error)) => Err(Error::internal("reading an uploaded file", &error)),
        Err(error) => Err(Error::internal("looking at an uploaded file", &error)),
    }
}

async fn receive(
    field: Field<'_>,
    sent: &str,
    folder: &Path,
    shared: &Shared,
    patience: &mut u64,
) -> Received {
    let limit = shared.app.config().ingest.max_file;
    match clean_name(sent) {
        Ok(name) => {
            let file = write(field, folder, limit, patience).await;
            Received { name, file }
        }
        Err(error) => {
            skip(field, patience).await;
            Received {
                name: sent.chars().take(NAME_LIMIT).collect(),
                file: Err(error),
            }
        }
    }
}

async fn write(
    mut field: Field<'_>,
    folder: &Path,
    limit: bytesize::ByteSize,
    patience: &mut u64,
) -> Result<NamedTempFile, Error> {
    let file = tempfile::Builder::new()
        .prefix(PREFIX)
        .tempfile_in(folder)
        .map_err(|error| Error::writing(&error))?;
    let handle = file.reopen().map_err(|error| Error::writing(&error))?;
    let mut writer = tokio::fs::File::from_std(handle);
    let mut size = 0_u64;
    while let Some(bytes) = field.chunk().await.map_err(|_| Error::BrokenFile)? {
        size = size.saturating_add(bytes.len() as u64);
        if size > limit.as_u64() {
            drop(file);
            skip(field, patience).await;
            return Err(Error::LargeFile {
                limit: limit.to_string(),
            });
        }
        if let Err(error) = writer.write_all(&bytes).await {
            skip(field, patience).await;
            return Err(Error::writing(&error));
        }
    }
    writer
        .flush()
        .await
        .map_err(|error| Error::writing(&error))?;
    if size == 0 {
        Err(Error::EmptyFile)
    } else {
        Ok(file)
    }
}

/// Reads past the rest of a field, until patience is at its end.
async fn skip(mut field: Field<'_>, patience: &mut u64) {
    while *patience > 0
        && let Ok(Some(bytes)) = field.chunk().await
    {
        *patience = patience.saturating_sub(bytes.len() as u64);
    }
}

/// The text of a field that is no file.
async fn read_text(mut field: Field<'_>, name: &str) -> Result<String, Error> {
    let mut text = Vec::new();
    while let Some(bytes) = field
        .chunk()
        .await
        .map_err(|_| Error::field(name, "it did not arrive whole"))?
    {
        text.extend_from_slice(&bytes);
        if text.len() > TEXT_LIMIT {
            return Err(Error::field(
                name,
                format!("longer than {TEXT_LIMIT} bytes"),
            ));
        }
    }
    String::from_utf8(text).map_err(|_| Error::field(name, "it is not UTF-8"))
}

async fn read_readers(field: Field<'_>, viewer: &Viewer) -> Result<Option<BTreeSet<Group>>, Error> {
    let text = read_text(field, "readers").await?;
    let mut readers = BTreeSet::new();
    for name in between_commas(&text) {
        let group: Group = groups::known(&name)
            .parse()
            .map_err(|error: ingest::id::IdError| Error::field("readers", error))?;
        // Who names a group that is not theirs would hand in what they cannot see or delete.
        if !viewer.reader.groups().contains(&group) {
            return Err(Error::field("readers", format!("you are not in `{group}`")));
        }
        readers.insert(group);
    }
    Ok((!readers.is_empty()).then_some(readers))
}

/// A file's name without folders: browsers send them when a folder is chosen.
///
/// # Errors
/// When it is empty, too long, or names a way out of a folder.
fn clean_name(sent: &str) -> Result<String, Error> {
    let refused = || Error::FileName {
        name: sent.chars().take(100).collect(),
    };
    // What a Mac calls 가 is three characters, and another name than everyone else's.
    let normal: String = sent.nfc().collect();
    let mut parts = normal.split(['/', '\\']);
    if parts.clone().any(|part| part.trim() == "..") || normal.chars().any(char::is_control) {
        return Err(refused());
    }
    let name = parts.next_back().unwrap_or_default().trim();
    if name.is_empty() || name == "." || name.len() > NAME_LIMIT {
        return Err(refused());
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_cut_off_a_name() {
        assert_eq!(clean_name("휴가 규정.pdf").unwrap(), "휴가 규정.pdf");
        assert_eq!(clean_name("handbook/ko/leave.md").unwrap(), "leave.md");
        assert_eq!(
            clean_name("C:\\Users\\mina\\급여.docx").unwrap(),
            "급여.docx"
        );
        assert_eq!(clean_name("/etc/passwd").unwrap(), "passwd");
        assert_eq!(clean_name("..notes..md").unwrap(), "..notes..md");
    }

    #[test]
    fn ways_out_of_a_folder_are_refused_by_name() {
        for bad in [
            "../../etc/passwd",
            "..\\boot.ini",
            "a/../b.md",
            "..",
            ".",
            "",
            "  ",
            "a/",
            "a\0.md",
            "a\n.md",
            "/.. /x",
        ] {
            let error = clean_name(bad).unwrap_err();
            assert_eq!(error.status(), StatusCode::BAD_REQUEST, "{bad:?}");
            assert_eq!(
                error,
                Error::FileName {
                    name: bad.to_owned()
                }
            );
        }
        assert!(clean_name(&"가".repeat(100)).is_err(), "300 bytes");
    }

    #[test]
    fn a_name_from_a_mac_is_the_same_name() {
        assert_eq!(
            clean_name("\u{1112}\u{1172}\u{1100}\u{1161}.md").unwrap(),
            "휴가.md"
        );
    }

    #[test]
    fn leftovers_are_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("upload-abc"), "x").unwrap();
        std::fs::write(folder.path().join("mine"), "x").unwrap();
        clear(folder.path());
        let left: Vec<_> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(left, ["mine"]);
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_refused_by_its_kind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, b"OggS000000000000").unwrap();
        let error = refuse_unreadable(path.clone(), "leave.pdf".to_owned(), false)
            .await
            .unwrap_err();
        assert_eq!(error.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
        assert!(
            error
                .sentence(crate::language::Language::En)
                .contains("Ogg")
        );
        std::fs::write(&path, "휴가는 15일입니다.").unwrap();
        assert_eq!(
            refuse_unreadable(path, "leave.txt".to_owned(), false).await,
            Ok(())
        );
    }
}
