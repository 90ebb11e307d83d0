// Checks of how calls and renewals go together, evaluated in a page that is locked, with a server of their own.
// Answers {checks, failures}.
(async () => {
  const { Locked, call } = await import("/state/session.js");
  const failures = [];
  let checks = 0;
  const is = (what, got, want) => {
    checks++;
    if (JSON.stringify(got) !== JSON.stringify(want)) failures.push(`${what} = ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
  };
  const json = (status, value) => new Response(JSON.stringify(value), { status });
  let asked = [];
  const stage = (token, resume) => {
    sessionStorage.clear();
    if (token) sessionStorage.setItem("token", token);
    if (resume) sessionStorage.setItem("resume", resume);
    asked = [];
  };

  // Two calls with a token of an earlier run; the second hears that it is no good only while the first renews it.
  let renewing, refused;
  const began = new Promise((resolve) => (renewing = resolve));
  const late = new Promise((resolve) => (refused = resolve));
  window.fetch = async (path, { headers, body }) => {
    asked.push(path);
    if (path === "/api/session") {
      renewing();
      await late;
      await new Promise((resolve) => setTimeout(resolve)); // the other call has heard of it
      return json(200, { token: "new", resume: "r" + JSON.parse(body).resume, epoch: "e" });
    }
    if (headers.Authorization === "Bearer new") return json(200, path);
    if (path === "/late") {
      await began;
      setTimeout(refused);
    }
    return json(401, { error: "who are you" });
  };
  stage("old", "1");
  is("two calls over one renewal", (await Promise.allSettled([call("GET", "/first"), call("GET", "/late")])).map((r) => r.value ?? String(r.reason)), ["/first", "/late"]);
  is("renewed once", asked.filter((p) => p === "/api/session").length, 1);
  is("and kept", [sessionStorage.getItem("token"), sessionStorage.getItem("resume")], ["new", "r1"]);

  // A third that begins meanwhile waits for it as well.
  stage("", "2");
  is("one that has no token yet", await Promise.all([call("GET", "/a"), call("GET", "/b")]), ["/a", "/b"]);

  // Nothing that is held is any good: that is said, and to every call.
  window.fetch = async () => json(401, { error: "who are you" });
  stage("old", "1");
  is("locked", (await Promise.allSettled([call("GET", "/a"), call("GET", "/b")])).map((r) => r.reason instanceof Locked), [true, true]);
  is("and nothing is kept", sessionStorage.length, 0);
  return { checks, failures };
})()
