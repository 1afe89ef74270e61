//! Clones, fetches and pushes through Git's own HTTP server program, on the loopback.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Stdio;
use std::thread;

use super::sandbox::{command, isolated};
use super::store::{commit, content, get, history, open, versions};

/// Answers requests by `git http-backend` until the process ends. The port.
fn serve(folder: &Path) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let folder = folder.to_owned();
    thread::spawn(move || listener.incoming().for_each(|stream| answer(stream.unwrap(), &folder)));
    port
}

fn answer(stream: TcpStream, folder: &Path) {
    let mut input = BufReader::new(&stream);
    let mut line = || {
        let mut line = String::new();
        input.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    };
    let request = line();
    let [method, target, _] = request.split(' ').collect::<Vec<_>>()[..] else { return };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut backend = command(folder, &["http-backend"]);
    backend.env("GIT_PROJECT_ROOT", folder).env("GIT_HTTP_EXPORT_ALL", "1");
    backend.env("REQUEST_METHOD", method).env("PATH_INFO", path).env("QUERY_STRING", query);
    let mut length = 0;
    loop {
        let header = line();
        let Some((name, value)) = header.split_once(": ") else { break };
        match name.to_lowercase().as_str() {
            "content-length" => length = value.parse().unwrap(),
            "content-type" => _ = backend.env("CONTENT_TYPE", value),
            "content-encoding" => _ = backend.env("HTTP_CONTENT_ENCODING", value),
            "git-protocol" => _ = backend.env("GIT_PROTOCOL", value),
            "transfer-encoding" => panic!("the requests of this test are small"),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    input.read_exact(&mut body).unwrap();
    let mut backend = backend.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    backend.stdin.take().unwrap().write_all(&body).unwrap();
    let answer = backend.wait_with_output().unwrap().stdout;
    let answer = match answer.strip_prefix(b"Status: ") {
        Some(answer) => [b"HTTP/1.1 ", answer].concat(),
        None => [b"HTTP/1.1 200 OK\r\n", &answer[..]].concat(),
    };
    // What follows the headers ends with the connection.
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap();
    let mut output = &stream;
    output.write_all(&answer[..end]).unwrap();
    output.write_all(b"\r\nConnection: close").unwrap();
    output.write_all(&answer[end..]).unwrap();
}

#[test]
fn clones_fetches_and_pushes_over_http_carry_all() {
    isolated(|at| {
        let backend = Path::new(&at.git("", &["--exec-path"])).join("git-http-backend");
        if !backend.exists() {
            // Some systems package it apart.
            return;
        }
        let mut origin = history(&at.path("data"));
        at.git("data", &["config", "http.receivepack", "true"]);
        let url = format!("http://127.0.0.1:{}/data/.git", serve(&at.path("")));
        at.git("", &["clone", "--quiet", &url, "clone"]);
        at.git("clone", &["gc", "--quiet", "--prune=now"]);
        at.fsck("clone");
        assert_eq!(versions(&at.path("clone")), versions(&at.path("data")));

        let mut clone = open(&at.path("clone"));
        commit(&mut clone, &[("key/01000", "in the clone")], "In the clone");
        at.git("clone", &["push", "--quiet", "origin", "main:pushed"]);
        origin.merge("pushed", Default::default()).unwrap();
        assert_eq!(get(&origin, "key/01000").unwrap(), "in the clone");
        commit(&mut origin, &[("key/01001", "at the origin")], "At the origin");
        at.git("clone", &["pull", "--quiet", "--ff-only"]);
        assert_eq!(content(&at.path("clone"))["main"], content(&at.path("data"))["main"]);

        at.git("", &["clone", "--quiet", "--depth", "1", &url, "shallow"]);
        assert_eq!(content(&at.path("shallow"))["main"], content(&at.path("data"))["main"]);
    });
}
