//! `overstep serve`: the reference server on its own.
//!
//! It listens on loopback only.

use super::flags::ServeFlags;
use super::jobs::{Variables, choose, places};
use super::{Stopped, runtime::Runtime, say};
use overstep::exit::Exit;
use overstep::report::Diagnostic;
use overstep::{pipeline, store};
use std::io::Write as _;

/// Serves a scenario's contract until Ctrl-C.
pub fn serve(flags: &ServeFlags) -> Result<Exit, Stopped> {
    let names: Vec<String> = flags.scenario.iter().cloned().collect();
    let variables = Variables { plain: &flags.variable, secret: &flags.secret, file: None };
    let chosen = choose(&names, &variables, false)?;
    let [(found, scenario)] = chosen.scenarios.as_slice() else {
        let names: Vec<&str> = chosen.scenarios.iter().map(|(found, _)| found.name.as_str()).collect();
        let problem = Diagnostic::error("which scenario is meant?");
        return Err(problem.with_hint(format!("name one of {}", names.join(", "))).into());
    };
    let documents = store::sources(&places(found.directory.clone()), &scenario.sources)?;
    let loaded = pipeline::load(scenario, &found.shown, documents)?;
    say::problems(&loaded.problems);
    if flags.list_faults {
        let mut out = std::io::BufWriter::new(std::io::stdout());
        for (name, description) in pipeline::faults(&loaded.contract) {
            writeln!(out, "{name}  {description}")?;
        }
        out.flush()?;
        return Ok(Exit::Kept);
    }
    let runtime = Runtime::new()?;
    runtime.block_on(async {
        let server = pipeline::serve(&loaded.contract, &loaded.inferred.scenario, &flags.fault, flags.port).await?;
        let mut out = std::io::stdout();
        writeln!(out, "http://{}", server.address())?;
        out.flush()?;
        say::line(&format!(
            "serving {} operations of {}; Ctrl-C ends it",
            loaded.contract.operations.len(),
            found.name
        ));
        super::check::interrupted().await;
        Ok(Exit::Kept)
    })
}
