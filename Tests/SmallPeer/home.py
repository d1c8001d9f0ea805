"""What a small peer keeps: a directory with its key, operations, peer records and receipts as files."""

import hashlib
import json
import os
import pathlib
import time

import identity
import operations
from space import IGNORED_LEAD, Space, now

RECORDS_MAX = 64


def write_durably(path, data):
    """Writes a file so that it is there whole after a power loss, or not at all."""
    fresh = path.with_name(path.name + ".new")
    with open(os.open(fresh, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


class Home:
    """One identity with the one space that it is in."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        for part in ("operations", "records"):
            (self.folder / part).mkdir(parents=True, exist_ok=True, mode=0o700)
        if not (self.folder / "key").exists():
            write_durably(self.folder / "key", os.urandom(32).hex().encode())
        self.key = identity.Key(bytes.fromhex((self.folder / "key").read_text()))
        self.settings = self.read("settings", {"space": None, "peers": [], "seqno": 0})
        self.receipts = {bytes.fromhex(one): peers for one, peers in self.read("receipts", {}).items()}
        paths = [path for path in (self.folder / "records").iterdir() if path.suffix != ".new"]
        records = [identity.Record.decode(path.read_bytes()) for path in paths]
        self.records = {record.peer: record for record in records}
        self.space = None
        if self.settings["space"]:
            self.enter(bytes.fromhex(self.settings["space"]))

    def read(self, name, otherwise):
        path = self.folder / f"{name}.json"
        return json.loads(path.read_text()) if path.exists() else otherwise

    def enter(self, identifier):
        """Makes a space the one of this home; what is stored of it is verified anew."""
        self.space = Space(identifier)
        for path in (self.folder / "operations").iterdir():
            if path.suffix != ".new":
                self.space.add(operations.verify(path.read_bytes()))

    def save(self):
        write_durably(self.folder / "settings.json", json.dumps(self.settings).encode())

    def store(self, found):
        """Stores operations durably and returns those that are new; all of them are durable afterwards."""
        new = []
        for operation in found:
            if operation.header.clock > now() + IGNORED_LEAD:
                continue
            if self.space.add(operation):
                write_durably(self.folder / "operations" / operation.identifier.hex(), operation.encoded)
                new.append(operation)
        return new

    def keep_receipts(self, peer, identifiers):
        """Notes that a peer has these."""
        name, changed = identity.base58(peer), False
        for identifier in identifiers:
            peers = self.receipts.setdefault(identifier, [])
            if name not in peers:
                peers.append(name)
                changed = True
        if changed:
            table = {identifier.hex(): peers for identifier, peers in self.receipts.items()}
            write_durably(self.folder / "receipts.json", json.dumps(table).encode())

    def stored_by(self, identifier):
        return self.receipts.get(identifier, [])

    def unreceived(self):
        """Returns the own operations that nobody has acknowledged, oldest first."""
        own = [identifier for identifier, operation in self.space.held.items()
               if operation.author == self.key.public and not self.stored_by(identifier)]
        return self.space.parents_first(own)

    def keep_record(self, record):
        """Keeps a newer record of a member; drops any other."""
        known = self.records.get(record.peer)
        if not self.space.is_member(identity.key_of_peer(record.peer)):
            return
        if known is None or known.sequence < record.sequence:
            self.records[record.peer] = record
            write_durably(self.folder / "records" / record.peer.hex(), record.envelope)

    def records_to_pass_on(self):
        members = [record for peer, record in sorted(self.records.items())
                   if self.space.is_member(identity.key_of_peer(peer))]
        return members[:RECORDS_MAX]

    @property
    def records_hash(self):
        joined = b"".join(r.peer + r.sequence.to_bytes(8) for r in self.records_to_pass_on())
        return hashlib.sha256(joined).digest()

    def next_seqno(self):
        """Returns a number above all that were ever used here."""
        self.settings["seqno"] = max(self.settings["seqno"] + 1, time.time_ns())
        self.save()
        return self.settings["seqno"]
