//! Puts the bundled PDKs where the package builder looks for generated files, so that the top-level `pdk/`
//! arrives in the wheel as `waveguard/_pdk/`.

use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    // Asked for when this runs, not when it is compiled: checkouts that share a target folder share the compiled script.
    let source = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("../../pdk");
    println!("cargo::rerun-if-changed={}", source.display());
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("_pdk");
    if out.exists() {
        // A file that is gone from pdk/ must not stay in the wheel.
        fs::remove_dir_all(&out)?;
    }
    fs::create_dir_all(&out)?;
    for entry in fs::read_dir(&source)? {
        let path = entry?.path();
        if let (true, Some(name)) = (path.is_file(), path.file_name()) {
            println!("cargo::rerun-if-changed={}", path.display());
            fs::copy(&path, out.join(name))?;
        }
    }
    Ok(())
}
