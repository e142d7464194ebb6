def covers(written, read):
    """Returns whether a read value matches a written one: members may be added, and null may be left out."""
    if isinstance(written, dict) and isinstance(read, dict):
        return all(value is None or (name in read and covers(value, read[name])) for name, value in written.items())
    if isinstance(written, list) and isinstance(read, list):
        return len(written) == len(read) and all(map(covers, written, read))
    return written == read and isinstance(written, bool) == isinstance(read, bool)


class State:
    """The documented state of a stored map, list or field, starting from the first read."""

    def __init__(self, kind, merges, deduplicates, ordered):
        self.kind, self.merges, self.deduplicates, self.is_ordered = kind, merges, deduplicates, ordered
        self.entries, self.traces, self.removed = [], [], []
        self.complete, self.ordered, self.was_read, self.was_present = False, True, False, False

    def _put(self, key, value, overlapping):
        known = next((entry for entry in self.entries if self.kind != "list" and entry["key"] == key), None)
        if known and overlapping:
            known["allowed"].append(value)
        elif known:
            known.update(allowed=[value], required=True, ours=True)
        else:
            self.entries.append(dict(key=key, allowed=[value], required=True, ours=True))

    def write(self, effect, overlapping=False):
        what, values = effect
        if not self.merges and not overlapping and what != "remove":
            for entry in self.entries:
                entry["required"] = False
        if what == "put":
            for key, value in values:
                self._put(key, value, overlapping)
            written = {key for key, _ in values}
            self.traces = [trace for trace in self.traces if trace[0] not in written]
            self.removed = [key for key in self.removed if key not in written]
        elif what == "set":
            self._put("", values, overlapping)
        elif what == "append":
            self.ordered = self.ordered and not overlapping
            for item in values:
                known = [entry for entry in self.entries if any(covers(item, one) for one in entry["allowed"])]
                if known:
                    known[0].update(required=True, ours=True)
                else:
                    self._put("", item, False)
        else:
            self.entries = [entry for entry in self.entries if entry["key"] not in values]
            self.removed += values

    def reject(self, effect):
        what, values = effect
        if what == "put":
            self.traces += [tuple(pair) for pair in values]
        elif what == "append":
            self.traces += [("", item) for item in values]
        elif what == "set":
            self.traces.append(("", values))

    def _read(self, document, place, key, item):
        def at(value, path):
            for name in path.split("."):
                if name == "*" and isinstance(value, dict) and len(value) == 1:
                    value = next(iter(value.values()))
                else:
                    value = value.get(name) if isinstance(value, dict) else None
            return value

        found = value_at(document, place)
        part = lambda value: at(value, item) if item else value
        if self.kind == "field":
            return [("", part(found))]
        if found is None:
            return []
        if self.kind == "map" and isinstance(found, dict):
            return [(name, part(value)) for name, value in found.items()]
        assert isinstance(found, list) and (self.kind == "list" or key), f"{place!r} is not a {self.kind}: {found!r}"
        if self.kind == "list":
            return [("", part(value)) for value in found]
        return [(at(one, key), part(one)) for one in found if isinstance(at(one, key), str)]

    def check_read(self, document, place, key=None, item=None, optional=False):
        self.was_present = self.was_present or value_at(document, place) is not None
        if optional and not self.was_present and any(entry["required"] and entry["ours"] for entry in self.entries):
            pytest.skip(f"{place!r} is not in the response, so there is nothing to compare")
        found = self._read(document, place, key, item)
        (self._check_list if self.kind == "list" else self._check_entries)(found)
        ours = [(entry["key"], one) for entry in self.entries if entry["ours"] for one in entry["allowed"]]
        own = lambda key, value: any(k == key and (self.kind != "list" or covers(one, value)) for k, one in ours)
        self.entries = [dict(key=k, allowed=[v], required=True, ours=own(k, v)) for k, v in found]
        self.complete = self.ordered = self.was_read = True

    def _check_entries(self, found):
        read = {}
        for key, value in found:
            read.setdefault(key, value)
        for entry in self.entries:
            key, allowed = entry["key"], entry["allowed"]
            if not entry["required"]:
                continue
            assert key in read, f"{key!r} = {allowed[0]!r} must be stored, but is missing: {read}"
            emptied = read[key] is None and "" in allowed
            assert emptied or any(covers(one, read[key]) for one in allowed), (
                f"{key!r} = {allowed[0]!r} must be stored, but {read[key]!r} was read"
            )
        known = {entry["key"] for entry in self.entries}
        for key, value in found:
            if key not in known:
                assert key not in self.removed, f"{key!r} = {value!r} was removed, but is still there"
                assert not self.complete, f"{key!r} = {value!r} is stored, but was never written"

    def _check_list(self, found):
        items = [value for _, value in found]
        if self.deduplicates:
            for index, item in enumerate(items):
                assert item not in items[:index], f"{item!r} is stored twice"
        for entry in self.entries:
            if entry["required"]:
                is_stored = any(covers(one, item) for one in entry["allowed"] for item in items)
                assert is_stored, f"{entry['allowed'][0]!r} must be stored, but is missing: {items}"
        for item in items:
            if not any(covers(one, item) for entry in self.entries for one in entry["allowed"]):
                is_trace = any(covers(value, item) for _, value in self.traces)
                assert not is_trace, f"{item!r} was rejected, but is stored"
                assert not self.complete, f"{item!r} is stored, but was never written"
        if self.complete and self.ordered and self.is_ordered:
            rest = iter(items)
            expected = [entry["allowed"][0] for entry in self.entries if entry["required"]]
            assert all(any(covers(one, item) for item in rest) for one in expected), f"{items} is not in the order of {expected}"


def check_law(case, responses, model, excuses, turns):
    """Replays the events turn by turn and compares each read with the expected state."""
    states = {}
    for turn in turns:
        overlapping = set()
        for step, resource, what, given in turn:
            state = states.setdefault(resource, State(*model))
            response = responses[step]
            accepted = is_success(response.status, None)
            writes = sum(1 for event in turn if event[1] == resource and event[2] in ("write", "must-write"))
            if what in ("write", "must-write"):
                if not accepted:
                    others = any(not entry["ours"] and entry["allowed"] != [None] for entry in state.entries)
                    excused = response.status == 429 or case.code(response) in excuses
                    assert excused or response.status < 500, f"the server failed: {response}"
                    certain = what == "must-write" and not others and not excused
                    assert not certain, f"step {step + 1} is a valid request, but was rejected: {response}"
                    pytest.skip(f"a write that the law needs was rejected: {response}")
                state.write(given, writes > 1 and resource in overlapping)
                overlapping.add(resource)
            elif what == "rejected":
                if accepted:
                    pytest.skip("an invalid request was accepted, which is the finding of another case")
                state.reject(given)
            elif writes > 1:
                pass  # The response to one of several concurrent writes may have been sent before the others.
            elif accepted:
                state.check_read(response.document(), **given)
            else:
                assert not state.was_read or response.status == 429, f"stored values could be read before, but not any more: {response}"
                pytest.skip(f"stored values cannot be read: {response}")
