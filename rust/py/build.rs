//! Puts the bundled PDKs where the package builder looks for generated files, so that the top-level `pdk/`
//! arrives in the wheel as `waveguard/_pdk/`.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pdk");
    println!("cargo::rerun-if-changed={}", source.display());
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("_pdk");
    if out.exists() {
        // A file that is gone from pdk/ must not stay in the wheel.
        fs::remove_dir_all(&out)?;
    }
    fs::create_dir_all(&out)?;
    if !source.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(&source)? {
        let path = entry?.path();
        if let (true, Some(name)) = (path.is_file(), path.file_name()) {
            println!("cargo::rerun-if-changed={}", path.display());
            fs::copy(&path, out.join(name))?;
        }
    }
    Ok(())
}
