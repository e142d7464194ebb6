//! Implements `overstep serve`, which runs the reference server.
//!
//! It never listens on anything but loopback.

use crate::cli::{
    CommandError, CommandRuntime, ServeFlags, VariableFlags, document_places, messages, read_scenarios,
    wait_for_interrupt,
};
use overstep::escape::escape_line;
use overstep::exit::ExitStatus;
use overstep::report::{Diagnostic, pluralize};
use overstep::session;
use overstep::store;
use std::io::Write as _;

/// Serves a scenario's contract until the process is interrupted.
pub fn serve_scenario(flags: &ServeFlags) -> Result<ExitStatus, CommandError> {
    let names: Vec<String> = flags.scenario.iter().cloned().collect();
    let variables = VariableFlags { plain: &flags.variable, secret: &flags.secret, file: None, principals: None };
    let chosen = read_scenarios(&names, &variables, false)?;
    let [(found, scenario)] = chosen.scenarios.as_slice() else {
        let names: Vec<&str> = chosen.scenarios.iter().map(|(found, _)| found.name.as_str()).collect();
        let problem = Diagnostic::error("more than one scenario to serve");
        return Err(problem.with_hint(format!("name one: {}", names.join(", "))).into());
    };
    let documents = store::read_sources(&document_places(found.directory.clone()), &scenario.sources)?;
    let loaded = session::load_scenario(scenario, &found.display_name, documents)?;
    messages::print_problems(&loaded.diagnostics);
    if flags.list_faults {
        let mut out = std::io::BufWriter::new(std::io::stdout());
        for (name, description) in session::list_faults(&loaded.contract) {
            writeln!(out, "{}", escape_line(&format!("{name}  {description}")))?;
        }
        out.flush()?;
        return Ok(ExitStatus::Success);
    }
    let runtime = CommandRuntime::new()?;
    runtime.block_on(async {
        let server = session::serve(&loaded.contract, &loaded.inferred.scenario, &flags.fault, flags.port).await?;
        let mut out = std::io::stdout();
        writeln!(out, "http://{}", server.address())?;
        out.flush()?;
        messages::print_line(&format!(
            "serving {} of {}; press Ctrl-C to stop",
            pluralize(loaded.contract.operations.len() as u64, "operation"),
            found.name
        ));
        wait_for_interrupt().await;
        Ok(ExitStatus::Success)
    })
}
