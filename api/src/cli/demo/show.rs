//! A credential of the demo, to look at: its document and code as files, the code on the terminal.

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::Path;

use uuid::Uuid;

use crate::app::App;
use crate::cli::{Failure, term};
use crate::credential::NameShown;
use crate::data_dir::DataDir;
use crate::picture::{self, Module};

/// File of the document.
const DOCUMENT: &str = "credential.json";
/// File of the short code.
const CODE: &str = "credential-qr.png";
/// File of the code with its receipt.
const WITH_RECEIPT: &str = "credential-qr-receipt.png";
/// Resolution of the pictures.
const DPI: u32 = 300;

/// A credential that was written down.
pub(super) struct Shown {
    id: Uuid,
    drawn: String,
}

/// Writes document and codes of a credential into the data directory.
pub(super) fn write(app: &App, dir: &DataDir, id: Uuid) -> Result<Shown, Failure> {
    let ready = app.ready(id)?;
    let file = |name: &str| dir.root().join(name);
    std::fs::write(file(DOCUMENT), app.signed_document(&ready)?).map_err(Failure::of)?;
    let mut drawn = String::new();
    for (name, receipt, module) in [
        (CODE, false, Module::Short),
        (WITH_RECEIPT, true, Module::WithReceipt),
    ] {
        let signed = app.code(&ready, NameShown::Masked, receipt)?;
        let code = app.code_picture(&signed).map_err(Failure::of)?;
        let png = picture::png(&code, module, DPI).map_err(Failure::of)?;
        std::fs::write(file(name), png).map_err(Failure::of)?;
        if !receipt {
            drawn = picture::terminal(&code);
        }
    }
    Ok(Shown { id, drawn })
}

impl Shown {
    /// What to open and what to try with it.
    pub(super) fn tell(&self, root: &Path, address: SocketAddr) {
        let root = root.display();
        term::print(&format!(
            "A credential and its code (http://{address}/c/{}):",
            self.id
        ));
        if std::io::stdout().is_terminal() {
            term::print(&self.drawn);
        }
        term::print("Check it with no network, from the picture alone:");
        for name in [CODE, WITH_RECEIPT, DOCUMENT] {
            term::print(&format!(
                "  target/release/xuefen verify {root}/{name} --offline --trust {root}/trust.json"
            ));
        }
        term::print(&format!("or in a browser: http://{address}/verify/\n"));
    }
}
