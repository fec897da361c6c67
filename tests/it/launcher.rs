//! `packaging/`: which of the two builds `veracite` starts, and what the container and the service tell
//! the program.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A folder as it is unpacked, with builds that say who they are.
struct Package {
    folder: TempDir,
}

const LIBRARIES: [&str; 5] = [
    "libcuda.so.1",
    "libcudart.so.13",
    "libcublas.so.13",
    "libcublasLt.so.13",
    "libcurand.so.10",
];

impl Package {
    fn with(builds: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let launcher = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/veracite");
        std::fs::copy(launcher, folder.path().join("veracite")).unwrap();
        let package = Self { folder };
        for build in builds {
            package.script(
                &format!("veracite-{build}"),
                &format!("echo \"{build}: $*\""),
            );
        }
        // Knows no library, whatever this machine has.
        package.script("ldconfig", "echo '0 libs found'");
        package
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn script(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), format!("#!/bin/sh\n{text}\n")).unwrap();
        std::fs::set_permissions(self.path(name), std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// A folder with these libraries, for `LD_LIBRARY_PATH`.
    fn libraries(&self, names: &[&str]) -> PathBuf {
        let folder = self.path("libraries");
        std::fs::create_dir(&folder).unwrap();
        for name in names {
            std::fs::write(folder.join(name), "").unwrap();
        }
        folder
    }

    fn start(&self, variables: &[(&str, &str)]) -> Output {
        self.start_as(&self.path("veracite"), variables)
    }

    fn start_as(&self, launcher: &Path, variables: &[(&str, &str)]) -> Output {
        Command::new(launcher)
            .args(["ask", "two words"])
            .env_remove("LD_LIBRARY_PATH")
            .env_remove("VERACITE_BINARY")
            .env("VERACITE_LDCONFIG", self.path("ldconfig"))
            .env("VERACITE_LIBRARY_FOLDERS", "")
            .envs(variables.iter().copied())
            .output()
            .unwrap()
    }
}

#[track_caller]
fn said(output: &Output, expected: &str) {
    let out = String::from_utf8_lossy(&output.stdout);
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(out.trim(), expected, "{err}");
    assert!(output.status.success(), "{err}");
}

#[test]
fn without_the_driver_the_processor_is_used() {
    let package = Package::with(&["cpu", "cuda"]);
    let output = package.start(&[]);
    said(&output, "cpu: ask two words");
    assert!(output.stderr.is_empty(), "{output:?}");
}

#[test]
fn with_the_driver_the_accelerator_is_used() {
    let package = Package::with(&["cpu", "cuda"]);
    let folder = package.libraries(&LIBRARIES);
    let path = format!("/nowhere:{}", folder.display());
    let output = package.start(&[("LD_LIBRARY_PATH", &path)]);
    said(&output, "cuda: ask two words");
}

#[test]
fn libraries_that_the_loader_knows_are_found() {
    let package = Package::with(&["cpu", "cuda"]);
    let kind = match std::env::consts::ARCH {
        "x86_64" => "libc6,x86-64",
        _ => "libc6,AArch64",
    };
    let lines = LIBRARIES
        .map(|name| format!("echo '\t{name} ({kind}) => /usr/lib/{name}'\n"))
        .concat();
    package.script("ldconfig", &lines);
    said(&package.start(&[]), "cuda: ask two words");
    // A library whose name only begins alike is another one.
    package.script(
        "ldconfig",
        &lines.replace("libcuda.so.1 ", "libcuda.so.11 "),
    );
    said(&package.start(&[]), "cpu: ask two words");
    // So is one for another processor.
    package.script("ldconfig", &lines.replace(kind, "libc6"));
    said(&package.start(&[]), "cpu: ask two words");
}

#[test]
fn libraries_in_the_package_or_a_common_folder_are_handed_on() {
    let package = Package::with(&["cpu"]);
    package.script("veracite-cuda", "echo \"$LD_LIBRARY_PATH\"");
    let folder = package.libraries(&LIBRARIES[..1]).display().to_string();
    let own = package.path("lib");
    std::fs::create_dir(&own).unwrap();
    for name in &LIBRARIES[1..] {
        std::fs::write(own.join(name), "").unwrap();
    }
    let output = package.start(&[("VERACITE_LIBRARY_FOLDERS", &folder)]);
    said(&output, &format!("{folder}:{}", own.display()));
}

#[test]
fn a_driver_without_the_toolkit_is_said() {
    let package = Package::with(&["cpu", "cuda"]);
    let folder = package.libraries(&["libcuda.so.1", "libcudart.so.13"]);
    let output = package.start(&[("LD_LIBRARY_PATH", &folder.display().to_string())]);
    said(&output, "cpu: ask two words");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(
        error.contains("missing: libcublas.so.13 libcublasLt.so.13 libcurand.so.10"),
        "{error}"
    );
}

#[test]
fn either_build_can_be_asked_for() {
    let package = Package::with(&["cpu", "cuda"]);
    said(
        &package.start(&[("VERACITE_BINARY", "cuda")]),
        "cuda: ask two words",
    );
    let folder = package.libraries(&LIBRARIES);
    let variables = [
        ("VERACITE_BINARY", "cpu"),
        ("LD_LIBRARY_PATH", &*folder.display().to_string()),
    ];
    said(&package.start(&variables), "cpu: ask two words");
    let wrong = package.start(&[("VERACITE_BINARY", "gpu")]);
    let error = String::from_utf8_lossy(&wrong.stderr);
    assert!(error.contains("`gpu`"), "{error}");
    assert_eq!(wrong.status.code(), Some(127));
}

#[test]
fn a_package_with_one_build_starts_it_or_says_which_is_missing() {
    let package = Package::with(&["cpu"]);
    said(&package.start(&[]), "cpu: ask two words");
    let output = package.start(&[("VERACITE_BINARY", "cuda")]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("veracite-cuda is not there"), "{error}");
    assert_eq!(output.status.code(), Some(127));
}

#[test]
fn a_link_to_the_launcher_finds_the_builds() {
    let package = Package::with(&["cpu", "cuda"]);
    let elsewhere = tempfile::tempdir().unwrap();
    let link = elsewhere.path().join("veracite");
    symlink(package.path("veracite"), &link).unwrap();
    said(&package.start_as(&link, &[]), "cpu: ask two words");
}

#[test]
fn the_program_knows_what_the_container_and_the_service_set() {
    let packaging = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("veracite.toml");
    std::fs::write(&file, "").unwrap();
    for (name, address) in [
        ("Containerfile", "0.0.0.0:8420"),
        ("veracite.service", "127.0.0.1:8420"),
    ] {
        let text = std::fs::read_to_string(packaging.join(name)).unwrap();
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let words = lines.flat_map(str::split_whitespace);
        let set: Vec<(&str, &str)> = words
            .map(|word| word.strip_prefix("Environment=").unwrap_or(word))
            .filter(|word| word.starts_with("VERACITE_"))
            .map(|word| word.split_once('=').unwrap())
            .collect();
        for needed in ["VERACITE_CONFIG", "VERACITE_DATA", "VERACITE_LOG"] {
            assert!(set.iter().any(|(name, _)| *name == needed), "{needed}");
        }
        let output = Command::new(env!("CARGO_BIN_EXE_veracite"))
            .arg("config")
            .envs(set)
            .env("VERACITE_CONFIG", &file)
            .env("VERACITE_DATA", folder.path().join("data"))
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name}: {told}");
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(
            told.contains(&format!("bind = \"{address}\"")),
            "{name}: {told}"
        );
    }
    let container = std::fs::read_to_string(packaging.join("Containerfile")).unwrap();
    for port in ["EXPOSE 8420", "/dev/tcp/127.0.0.1/8420", "GET /healthz "] {
        assert!(container.contains(port), "{port}");
    }
}
