"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const page = document.getElementById("page");

  // Texts come from servers and documents: they are only ever set as text, and what cannot be seen is escaped.
  const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
  const visible = (text) => String(text).replace(HIDDEN, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
  const add = (parent, children) => {
    for (const child of children.flat(9)) {
      if (child === null || child === undefined || child === false) continue;
      parent.append(child instanceof Node ? child : document.createTextNode(visible(child)));
    }
    return parent;
  };
  const el = (tag, attributes, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (value === true) node.setAttribute(name, "");
      else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, visible(value));
    }
    return add(node, children);
  };
  const svg = (tag, attributes, ...children) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    return add(node, children);
  };
  const number = (value) => Number(value).toLocaleString("en-US");
  const plural = (count, word) => number(count) + " " + word + (count === 1 ? "" : "s");
  const say = (text) => {
    const status = document.getElementById("status");
    status.textContent = text;
    clearTimeout(say.timer);
    say.timer = setTimeout(() => { status.textContent = ""; }, 1600);
  };

  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = el("textarea", { readonly: true });
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    say("copied");
  };
  const copyable = (text, label) => el("div", { class: "copyable" }, el("pre", {}, text),
    el("button", { class: "copy", type: "button", "aria-label": "Copy " + label, onclick: () => copy(text) }, "Copy"));

  // Lays out JSON without changing a token: numbers keep their digits. Returns null if the text is not JSON.
  const layOutJson = (text) => {
    const out = [];
    let at = 0;
    const token = /\s*("(?:[^"\\\u0000-\u001f]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null|[{}[\]:,])/y;
    const peek = () => { token.lastIndex = at; const found = token.exec(text); return found ? found[1] : null; };
    const next = () => { const found = peek(); at = token.lastIndex; return found; };
    const name = (raw) => { try { return JSON.parse(raw); } catch { return raw; } };
    const value = (path, indent) => {
      if (path.length > 60) return false;
      const first = next();
      if (first === null) return false;
      if (first !== "{" && first !== "[") {
        if (":,]}".includes(first)) return false;
        out.push({ text: first, path });
        return true;
      }
      const close = first === "{" ? "}" : "]";
      if (peek() === close) { next(); out.push({ text: first + close, path }); return true; }
      out.push({ text: first + "\n", path: null });
      for (let index = 0; ; index += 1) {
        out.push({ text: "  ".repeat(indent + 1), path: null });
        let key = String(index);
        if (first === "{") {
          const raw = next();
          if (raw === null || raw[0] !== '"' || next() !== ":") return false;
          key = name(raw);
          out.push({ text: raw, path: path.concat(key), isKey: true }, { text: ": ", path: null });
        }
        if (!value(path.concat(key), indent + 1)) return false;
        const end = next();
        if (end === close) break;
        if (end !== ",") return false;
        out.push({ text: ",\n", path: null });
      }
      out.push({ text: "\n" + "  ".repeat(indent) + close, path: null });
      return true;
    };
    const whole = value([], 0);
    return whole && text.slice(at).trim() === "" ? out : null;
  };
  const bodyView = (text, isMarked) => {
    if (!text) return [];
    const pieces = /^\s*[[{]/.test(text) ? layOutJson(text) : null;
    if (!pieces) return [text];
    return pieces.map((piece) => piece.path && isMarked(piece) ? el("mark", {}, piece.text) : piece.text);
  };

  // The member under test, as a pattern of a path in the body: `Tags{key}`, `References{value}.Type`, `tags[]`.
  const memberPattern = (member) => (String(member).match(/[^.{}[\]]+|\{[^}]*\}|\[\]/g) || [])
    .map((part) => /^[{[]/.test(part) ? "*" : part);
  const requestMarker = (finding, step) => {
    const pattern = memberPattern(finding.member);
    const pieces = (step.body && layOutJson(step.body)) || [];
    const fits = (path) => path.length === pattern.length && pattern.every((part, i) => part === "*" || part === path[i]);
    if (pieces.some((piece) => piece.path && fits(piece.path))) {
      return (piece) => fits(piece.path) || (piece.path.length > pattern.length && fits(piece.path.slice(0, pattern.length)));
    }
    const last = pattern.filter((part) => part !== "*").pop();
    return (piece) => last !== undefined && piece.isKey && piece.path[piece.path.length - 1] === last;
  };
  const responseMarker = (finding) => {
    // `body.Attributes{DelaySeconds}` is the path of a value, without the indexes of lists.
    const plain = (place) => place.replace(/^body\.?/, "").replace(/\{([^}]*)\}/g, ".$1").replace(/\[\]/g, "");
    const places = new Set((finding.differs || []).map((one) => plain(one[0])));
    const path = (piece) => piece.path.filter((part) => !/^\d+$/.test(part)).join(".");
    return (piece) => !piece.isKey && (places.has(path(piece)) || (finding.error && piece.text === JSON.stringify(finding.error)));
  };
  const markWords = (text, other) => {
    const words = new Set(String(other).split(/[\s,]+/));
    return String(text).split(/(\s+)/).map((word) => word.trim() && word !== "or" && !words.has(word.replace(/,$/, "")) ? el("mark", {}, word) : word);
  };

  const PURPOSES = { "set-up": "set-up", "read-back": "read", act: "request", "clean-up": "clean-up" };
  const headLines = (headers) => (headers || []).map(([name, value]) => el("span", { class: "head" }, name + ": " + value + "\n"));
  const targetView = (finding, target) => {
    const last = memberPattern(finding.member).filter((part) => part !== "*").pop();
    return target.split(/(?=[?&])/).map((part) => last && part.slice(1).split("=")[0] === last ? [part[0], el("mark", {}, part.slice(1))] : part);
  };
  const exchange = (finding, step, isJudged) => {
    const request = el("pre", {}, el("span", { class: "start" }, step.method, " ", isJudged ? targetView(finding, step.target) : step.target), "\n",
      headLines(step.headers), step.body ? "\n" : null, bodyView(step.body, isJudged ? requestMarker(finding, step) : () => false));
    const status = step.status === null ? "no response" : String(step.status);
    const response = el("pre", {}, el("span", { class: "start" }, isJudged ? el("mark", {}, status) : status), "\n",
      headLines(step.answerHeaders), step.silence ? step.silence : null, step.answer ? "\n" : null,
      bodyView(step.answer, isJudged ? responseMarker(finding) : () => false));
    return el("div", { class: "pair" },
      el("div", { class: "side" }, el("h4", {}, el("span", {}, "Request"), el("span", { class: "code" }, isJudged ? "under test" : PURPOSES[step.purpose] || step.purpose)), request),
      el("div", { class: "side" }, el("h4", {}, el("span", {}, "Response"), isJudged && finding.expected ? el("span", { class: "code" }, "expected " + finding.expected) : null), response));
  };

  const table = (head, rows) => el("div", { class: "scroll" }, el("table", {},
    el("thead", {}, el("tr", {}, head.map((name) => el("th", { scope: "col" }, name)))), el("tbody", {}, rows)));
  const more = (label, ...content) => el("details", { class: "more" }, el("summary", {}, label), ...content);

  const findingBody = (finding) => {
    const fact = (name, ...value) => [el("dt", {}, name), el("dd", {}, ...value)];
    const place = finding.file && finding.file !== finding.source ? finding.source + ", " + finding.file : finding.source;
    const steps = finding.steps || [];
    const judged = steps.length - 1;
    const explanation = data.codes[finding.code];
    const state = finding.known ? "accepted before, reported because of --strict"
      : finding.accepted ? "differs from the accepted response" : "new: neither accepted nor known";
    return el("div", { class: "body" },
      el("dl", { class: "facts" },
        finding.rule || place ? fact("Documented", finding.rule || "–", place ? el("span", { class: "place mono" }, place) : null) : null,
        finding.expected ? fact("Expected", markWords(finding.expected, finding.observed)) : null,
        fact("Received", markWords(finding.observed, finding.expected)),
        finding.accepted ? fact("Accepted", finding.accepted) : null,
        finding.why ? fact("Because", finding.why) : null,
        finding.learnt ? fact("Actual limit", el("strong", {}, finding.learnt)) : null,
        fact("State", state),
        fact("Permalink", el("a", { href: "#f-" + finding.id, class: "mono" }, "#f-" + finding.id))),
      (finding.differs || []).length ? [el("h3", {}, "Values that differ"), table(["path", "accepted", "received"],
        finding.differs.map((row) => el("tr", {}, row.map((cell, i) => el("td", { class: "wrap" }, i === 2 ? el("mark", {}, cell) : cell)))))] : null,
      steps.length ? [el("h3", {}, "Request and response"), exchange(finding, steps[judged], true)] : el("p", { class: "count" }, "The request is not part of this page; `overstep replay` shows it."),
      judged > 0 ? more("All " + plural(steps.length + (finding.hiddenSteps || 0), "step") + " of the case",
        finding.hiddenSteps ? el("p", { class: "count" }, "The first " + plural(finding.hiddenSteps, "step") + " are left out.") : null,
        steps.slice(0, judged).map((step, index) => [el("h3", {}, "Step " + (index + 1 + (finding.hiddenSteps || 0))), exchange(finding, step, false)])) : null,
      finding.curl || finding.replay ? el("h3", {}, "Reproduce") : null,
      finding.curl ? copyable(finding.curl, "the curl command") : null,
      finding.replay ? el("p", {}, el("code", {}, finding.replay)) : null,
      (finding.output || []).length ? [el("h3", {}, "Server output"), el("pre", {}, finding.output.join("\n"))] : null,
      finding.partCount > 1 ? more("Explains " + plural(finding.cases, "case") + " at " + plural(finding.partCount, "place"),
        table(["place", "received", "cases"], finding.parts.map((row) => el("tr", {}, el("td", { class: "wrap" }, row[0]), el("td", { class: "wrap" }, row[1]), el("td", {}, number(row[2]))))),
        finding.partCount > finding.parts.length ? el("p", { class: "count" }, "and " + (finding.partCount - finding.parts.length) + " more") : null) : null,
      explanation ? more("What " + finding.code + " means, and how to fix it", el("div", { class: "explain" },
        el("p", {}, explanation[1]), el("p", {}, el("strong", {}, "Why it matters. "), explanation[2]),
        el("p", {}, el("strong", {}, "How to fix it. "), explanation[3]), el("p", {}, el("strong", {}, "How to accept it. "), explanation[4]))) : null,
      finding.accept ? more("Accept as a known divergence", copyable(finding.accept, "the entry")) : null);
  };
  const findingCard = (finding) => {
    const isNamed = finding.ops.every((name) => finding.title.includes(name));
    const operations = isNamed ? "" : finding.ops.slice(0, 3).join(", ") + (finding.opCount > 3 ? " and " + (finding.opCount - 3) + " more" : "");
    const card = el("details", { class: "finding", id: "f-" + finding.id },
      el("summary", {}, el("span", { class: "level " + finding.level }, finding.level), el("span", { class: "code" }, finding.code),
        el("span", { class: "what" }, finding.title), el("span", { class: "cases" }, plural(finding.cases, "case")),
        el("span", { class: "sub" }, [operations, finding.expected && "expected " + finding.expected, "received " + finding.observed].filter(Boolean).join(" · "))));
    card.addEventListener("toggle", () => {
      if (card.open && !card.querySelector(".body")) card.append(findingBody(finding));
    });
    return card;
  };

  const RESULTS = [["ok", "", "as documented"], ["f", "F", "failed, or lost data"], ["a", "A", "invalid request accepted"], ["r", "R", "valid request rejected"],
    ["w", "W", "wrong error or form"], ["c", "C", "changed"], ["k", "K", "known"], ["o", "?", "inconclusive or undocumented"]];
  const ORDER = [1, 2, 3, 4, 5, 6, 7, 0];
  const matrixSection = (run, filters, id) => {
    const matrix = run.matrix;
    const used = matrix.kinds.map((_, column) => matrix.rows.some((row) => row[1].some((cell) => cell[0] === column)));
    const columns = matrix.kinds.map((_, column) => column).filter((column) => used[column]);
    const bad = (row) => row[1].reduce((sum, cell) => sum + cell.slice(2, 7).reduce((a, b) => a + b, 0), 0);
    const rows = matrix.rows.slice().sort((one, other) => bad(other) - bad(one));
    const cellView = (operation, column, cell) => {
      if (!cell) return el("td", {}, el("span", { class: "cell none" }, "·"));
      const counts = RESULTS.map((_, index) => cell[index + 1] || 0);
      const total = counts.reduce((a, b) => a + b, 0);
      const worst = ORDER.find((index) => counts[index] > 0);
      const strength = worst === 0 ? 0 : Math.min(4, 1 + Math.floor(3.99 * counts[worst] / total));
      const text = operation + ", " + matrix.kinds[column] + ": " + ORDER.filter((i) => counts[i] > 0).map((i) => number(counts[i]) + " " + RESULTS[i][2]).join(", ");
      return el("td", {}, el("button", { type: "button", class: "cell " + RESULTS[worst][0] + " s" + strength, title: text, "aria-label": text,
        onclick: () => filters.choose(operation, matrix.kinds[column]) }, worst === 0 ? number(total) : el("b", {}, number(counts[worst])), worst === 0 ? null : el("small", {}, RESULTS[worst][1])));
    };
    const line = (row) => el("tr", {}, el("th", { scope: "row", title: row[0] }, row[0]),
      columns.map((column) => cellView(row[0], column, row[1].find((cell) => cell[0] === column))));
    const first = rows.slice(0, 40).map(line);
    const rest = rows.slice(40);
    const body = el("tbody", {}, first);
    const button = rest.length ? el("button", { type: "button", onclick: () => { body.append(...rest.map(line)); button.remove(); } }, "Show " + plural(rest.length, "more operation")) : null;
    return el("section", { id }, el("h2", {}, "Operations and constraints"),
      el("div", { class: "scroll" }, el("table", { class: "heat" }, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "operation"), columns.map((column) => el("th", { scope: "col" }, matrix.kinds[column])))), body)),
      button, el("p", { class: "legend" }, RESULTS.map(([name, letter, label]) => el("span", {}, el("i", { class: name }), letter ? letter + " " : "", label)), el("span", {}, "Numbers are cases; select a cell to see its findings.")));
  };

  const timelineSection = (run, id) => {
    const sections = run.timeline;
    if (!sections.length) return null;
    const width = 1000;
    const step = width / sections.length;
    const bars = sections.map(([cases, findings, open, mean, max], index) => {
      const height = (count) => 96 * count / cases;
      const title = svg("title", {}, plural(cases, "case") + ": " + plural(findings, "finding case") + ", " + open + " inconclusive; mean " + mean + " ms, maximum " + max + " ms");
      const rect = (name, top, size) => svg("rect", { class: name, x: index * step, width: Math.max(step - (step > 3 ? 1 : 0), 0.5), y: top, height: size });
      return svg("g", {}, title, rect("all", 0, 96), rect("open", 96 - height(findings) - height(open), height(open)), rect("bad", 96 - height(findings), height(findings)));
    });
    const highest = Math.max(...sections.map((section) => section[4]), 1);
    const y = (millis) => 62 - 58 * Math.log1p(millis) / Math.log1p(highest);
    const line = (name, field) => svg("polyline", { class: name, points: sections.flatMap((section, index) =>
      [[index * step, y(section[field])], [(index + 1) * step, y(section[field])]]).map((point) => point.map((value) => value.toFixed(1)).join(",")).join(" ") });
    const box = (height, ...content) => svg("svg", { class: "bar", viewBox: "0 0 " + width + " " + height, preserveAspectRatio: "none", role: "img", "aria-label": "Timeline" }, ...content);
    return el("section", { id }, el("h2", {}, "Timeline"), el("div", { class: "lane" }, box(96, bars), box(64, line("max", 4), line("mean", 3))),
      el("p", { class: "legend" }, el("span", {}, el("i", { class: "ok" }), "cases, in plan order"), el("span", {}, el("i", { class: "f" }), "share of findings"), el("span", {}, el("i", { class: "o" }), "share of inconclusive"),
        el("span", {}, el("i", { class: "c" }), "mean and maximum response time, up to " + number(Math.round(highest)) + " ms")));
  };

  const coverageSection = (run, id) => {
    const coverage = run.coverage;
    const columns = coverage.columns.map((_, index) => index).filter((index) => coverage.sum[index] && coverage.sum[index][1] > 0);
    const cell = (pair) => !pair || pair[1] === 0 ? el("td", {}, "–")
      : el("td", { class: pair[0] === pair[1] ? "full" : pair[0] === 0 ? "zero" : "part" }, number(pair[0]) + " / " + number(pair[1]));
    const untestable = coverage.rows.filter((row) => row[2].length);
    return el("section", { id }, el("h2", {}, "Coverage"), table(["operation"].concat(columns.map((index) => coverage.columns[index])),
      [el("tr", {}, el("th", { scope: "row" }, "all"), columns.map((index) => cell(coverage.sum[index])))].concat(
        coverage.rows.map((row) => el("tr", {}, el("th", { scope: "row", title: row[0] }, row[0]), columns.map((index) => cell(row[1][index])))))),
      untestable.length ? more("Documented errors that no case can provoke", el("ul", { class: "plain-list" },
        untestable.slice(0, 200).map((row) => el("li", {}, el("strong", {}, row[0]), ": ", row[2].map(([error, why]) => error + " (" + why + ")").join(", "))))) : null);
  };

  const mutedSection = (run, id) => {
    const counts = run.counts;
    const list = [[counts.known, "known: accepted in a snapshot or as a known divergence"], [counts.unspecified, "undocumented: the documents do not say what must be received"],
      [counts.new, "unreviewed: no response is accepted yet"], [counts.not_implemented, "not implemented by the endpoint"], [counts.flaky, "flaky: deviated only once"],
      [counts.indeterminate, "inconclusive: nothing was learned"], [counts.unsendable, "not sendable"]].filter(([count]) => count > 0);
    const notRun = run.notRun || [];
    const known = run.known || [];
    if (!list.length && !(run.muted || []).length && !notRun.length) return null;
    return el("section", { id }, el("h2", {}, "Not compared, and why"),
      el("ul", { class: "plain-list" }, list.map(([count, text]) => el("li", {}, plural(count, "case") + " " + text)), (run.muted || []).map((note) => el("li", {}, note)), (run.knownNotes || []).map((note) => el("li", {}, note)),
        run.left ? el("li", {}, "cleanup failed for " + plural(run.left.cases, "case") + ": " + run.left.why) : null),
      notRun.length ? more(plural(notRun.length, "operation") + " not run", table(["operation", "control", "why"], notRun.map((one) =>
        el("tr", {}, el("th", { scope: "row" }, one.operation), el("td", { class: "left" }, one.implemented ? one.observed : "not implemented"), el("td", { class: "wrap" }, one.why))))) : null,
      known.length ? more("Known divergences", table(["operation", "place", "received", "cases"], known.map((row) =>
        el("tr", {}, el("th", { scope: "row" }, row[0]), el("td", { class: "wrap" }, row[1]), el("td", { class: "wrap" }, row[2]), el("td", {}, number(row[3])))))) : null);
  };

  const findingsSection = (run, id, filters) => {
    const severity = (finding) => ["error", "warning", "note"].indexOf(finding.level);
    const sorted = run.findings.slice().sort((one, other) => severity(one) - severity(other));
    const cards = sorted.map((finding) => ({ finding, card: findingCard(finding),
      text: [finding.title, finding.code, finding.rule, finding.observed, finding.expected, finding.why, finding.source, finding.ops.join(" "), finding.examples.join(" ")].join(" ").toLowerCase() }));
    const unique = (values) => Array.from(new Set(values)).sort();
    const select = (label, options) => el("select", { "aria-label": label }, el("option", { value: "" }, label), options.map((option) => el("option", { value: option }, option)));
    const search = el("input", { type: "search", placeholder: "Search findings", "aria-label": "Search findings", "data-search": true });
    const operation = select("Operation", unique(run.findings.flatMap((finding) => finding.ops)));
    const kind = select("Kind", unique(run.findings.map((finding) => finding.kind)));
    const level = select("Severity", ["error", "warning", "note"].filter((name) => run.findings.some((finding) => finding.level === name)));
    const code = select("Code", unique(run.findings.map((finding) => finding.code)));
    const count = el("p", { class: "count", role: "status" });
    const apply = () => {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const { finding, card, text } of cards) {
        const fits = words.every((word) => text.includes(word)) && (!operation.value || finding.ops.includes(operation.value))
          && (!kind.value || finding.kind === kind.value) && (!level.value || finding.level === level.value) && (!code.value || finding.code === code.value);
        card.hidden = !fits;
        shown += fits ? 1 : 0;
      }
      count.textContent = (shown === cards.length ? plural(shown, "finding") : "Showing " + shown + " of " + plural(cards.length, "finding"))
        + (run.omitted ? "; " + number(run.omitted) + " more are in the NDJSON results only" : "");
    };
    const set = (field, value) => { field.value = Array.from(field.options).some((option) => option.value === value) ? value : ""; };
    filters.clear = () => { for (const field of [search, operation, kind, level, code]) field.value = ""; apply(); };
    filters.choose = (name, column) => {
      filters.clear();
      set(operation, name);
      set(kind, column);
      apply();
      document.getElementById(id).scrollIntoView();
    };
    for (const field of [search, operation, kind, level, code]) field.addEventListener("input", apply);
    apply();
    return el("section", { id }, el("h2", {}, "Findings"), cards.length ? [el("div", { class: "filters" }, search, level, operation, kind, code), count, cards.map((one) => one.card)]
      : el("p", { class: "empty" }, run.incomplete ? "No findings, but the run is incomplete." : "No findings: every compared response is as documented."));
  };

  const runView = (run, index) => {
    const id = (name) => index === 0 ? name : name + "-" + (index + 1);
    const counts = run.counts;
    const levels = { error: run.levels[0], warning: run.levels[1], note: run.levels[2] };
    const tile = (name, value, label) => el("div", { class: "tile " + name }, el("b", {}, number(value)), el("span", {}, label));
    const filters = { choose: () => {}, clear: () => {} };
    const findings = findingsSection(run, id("findings"), filters);
    const meta = [run.endpoint, run.server, run.started, run.seconds + " s", "seed " + run.seed, "run " + run.run, "overstep " + run.version];
    const total = run.findings.length + (run.omitted || 0);
    return el("div", { class: "run" }, el("section", { id: id("summary") },
      el("h1", {}, run.scenario + ": " + (total ? plural(total, "finding") : "no findings") + " in " + plural(run.total, "case")),
      el("p", { class: "meta" }, meta.filter(Boolean).map((text) => el("span", {}, text))),
      run.incomplete ? el("p", { class: "alert" }, el("strong", {}, "Incomplete: "), run.incomplete) : null,
      run.tooLarge ? el("p", { class: "alert" }, "Parts of this run do not fit into the page; the NDJSON results have them all.") : null,
      el("div", { class: "tiles" }, [tile(levels.error ? "error" : "", levels.error, levels.error === 1 ? "error" : "errors"), tile(levels.warning ? "warning" : "", levels.warning, levels.warning === 1 ? "warning" : "warnings"),
        tile(levels.note ? "note" : "", levels.note, levels.note === 1 ? "note" : "notes"), tile("good", counts.pass, "cases passed"), tile("", counts.known, "known"), tile("", counts.unspecified, "undocumented"), tile("", counts.indeterminate + counts.flaky, "inconclusive or flaky")])),
      run.matrix && run.matrix.rows.length ? matrixSection(run, filters, id("matrix")) : null, findings,
      run.coverage ? coverageSection(run, id("coverage")) : null, mutedSection(run, id("muted")), timelineSection(run, id("timeline")));
  };

  add(page, data.runs.length ? data.runs.map(runView) : [el("p", { class: "empty" }, "The results contain no run.")]);
  document.title = data.runs.map((run) => run.scenario).join(", ") + " · overstep";
  const nav = document.getElementById("nav");
  const links = data.runs.length > 1 ? data.runs.map((run, index) => [index === 0 ? "summary" : "summary-" + (index + 1), run.scenario])
    : [["summary", "Summary"], ["matrix", "Matrix"], ["findings", "Findings"], ["coverage", "Coverage"], ["muted", "Not compared"], ["timeline", "Timeline"]];
  for (const [target, label] of links) if (document.getElementById(target)) nav.append(el("a", { href: "#" + target }, label));

  const root = document.documentElement;
  const store = (value) => { try { return value === undefined ? localStorage.getItem("overstep-theme") : localStorage.setItem("overstep-theme", value); } catch { return null; } };
  root.dataset.theme = store() || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  const switchTheme = () => { root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark"; store(root.dataset.theme); };
  document.getElementById("theme").addEventListener("click", switchTheme);
  const help = document.getElementById("help");
  document.getElementById("keys").addEventListener("click", () => help.showModal());

  const openLinked = () => {
    const card = location.hash.startsWith("#f-") && document.getElementById(location.hash.slice(1));
    if (!card) return;
    card.hidden = false;
    card.open = true;
    requestAnimationFrame(() => { card.scrollIntoView(); card.querySelector("summary").focus({ preventScroll: true }); });
  };
  addEventListener("hashchange", openLinked);
  openLinked();

  const step = (by) => {
    const shown = Array.from(document.querySelectorAll(".finding")).filter((card) => !card.hidden);
    const now = shown.indexOf(document.activeElement && document.activeElement.closest(".finding"));
    const next = shown[Math.min(Math.max(now + by, 0), shown.length - 1)];
    if (next) { next.querySelector("summary").focus(); next.scrollIntoView({ block: "nearest" }); }
  };
  addEventListener("keydown", (event) => {
    const inField = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (event.key === "Escape" && !help.open) {
      const field = document.activeElement;
      for (const search of document.querySelectorAll("[data-search]")) { if (search.value) { search.value = ""; search.dispatchEvent(new Event("input")); } }
      for (const select of document.querySelectorAll(".filters select")) { if (select.value) { select.value = ""; select.dispatchEvent(new Event("input")); } }
      if (inField) field.blur();
      return;
    }
    if (inField || event.ctrlKey || event.metaKey || event.altKey || help.open) return;
    const actions = { "/": () => { const search = document.querySelector("[data-search]"); if (search) search.focus(); }, j: () => step(1), k: () => step(-1), t: switchTheme, "?": () => help.showModal(),
      c: () => { const card = document.activeElement.closest(".finding"); const button = card && card.querySelector(".copy"); if (button) button.click(); } };
    if (actions[event.key]) { event.preventDefault(); actions[event.key](); }
  });
})();
