//! Implements `overstep serve`, which runs the reference server.
//!
//! It never listens on anything but loopback.

use super::flags::ServeFlags;
use super::jobs::{Variables, choose, places};
use super::{Stopped, runtime::Runtime, say};
use overstep::exit::Exit;
use overstep::report::Diagnostic;
use overstep::{pipeline, store};
use std::io::Write as _;

/// Serves a scenario's contract until the process is interrupted.
pub fn serve(flags: &ServeFlags) -> Result<Exit, Stopped> {
    let names: Vec<String> = flags.scenario.iter().cloned().collect();
    let variables = Variables { plain: &flags.variable, secret: &flags.secret, file: None };
    let chosen = choose(&names, &variables, false)?;
    let [(found, scenario)] = chosen.scenarios.as_slice() else {
        let names: Vec<&str> = chosen.scenarios.iter().map(|(found, _)| found.name.as_str()).collect();
        let problem = Diagnostic::error("more than one scenario to serve");
        return Err(problem.with_hint(format!("name one: {}", names.join(", "))).into());
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
            "serving {} operations of {}; press Ctrl-C to stop",
            loaded.contract.operations.len(),
            found.name
        ));
        super::check::interrupted().await;
        Ok(Exit::Kept)
    })
}
