//! The `overstep` command. Everything that it does is in the library; here are flags, environment
//! and printing.

mod cli;
mod config;

fn main() -> std::process::ExitCode {
    cli::main().into()
}
