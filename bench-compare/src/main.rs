//! Measures versioned ordered maps, and the maps people use instead, on the same
//! work in one process. `README.md` tells what each row means.

mod alloc;
mod args;
mod bench;
mod data;
mod engine;
mod engines;
mod git;
mod measure;
mod proc;
mod records;
mod rows;
mod sql;
mod table;

use std::process::ExitCode;

use args::Args;
use bench::{Bench, Scratch};
use engine::Outcome;

#[global_allocator]
static ALLOCATOR: alloc::CountingAllocator = alloc::CountingAllocator;

fn main() -> ExitCode {
    if let Some(result) = rows::writer_process() {
        return code(result);
    }
    let args = match Args::parse(std::env::args().skip(1)) {
        Ok(args) if !args.help => args,
        Ok(_) => {
            println!("{}", args::USAGE);
            return ExitCode::SUCCESS;
        }
        Err(why) => {
            eprintln!("error: {why}\n\n{}", args::USAGE);
            return ExitCode::from(2);
        }
    };
    code(run(args))
}

fn code(result: Outcome<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: Args) -> Outcome<()> {
    let home = args.rows.iter().any(|row| row.is_of_git()).then(|| Scratch::new(&args, "-home"));
    let home = home.transpose()?;
    if let Some(home) = &home {
        git::forget_configuration(home.path());
    }
    let bench = Bench::new(args)?;
    println!("{}\n", bench.heading()?);
    for row in &bench.args.rows {
        eprintln!("row {}: {}", row.number(), row.title());
        let table = row.run(&bench)?;
        println!("{}", if bench.args.markdown { table.markdown() } else { table.plain() });
    }
    Ok(())
}
