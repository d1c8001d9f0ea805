import DescordCore
import DescordStore
import LibP2PCore

extension Records {
    /// Messages that hold what a query asks for, by clock.
    package func search(_ query: SearchQuery, _ wanted: MessageQuery) throws(CommandError) -> [MessageRow] {
        let filter = MessageFilter(
            space: wanted.space, channel: wanted.channel, author: wanted.author?.ed25519, since: wanted.since,
            until: wanted.until)
        // A peer id that holds no key names nobody who could have written here.
        if wanted.author != nil, filter.author == nil { return [] }
        return try self.explained { () throws(StoreError) in
            try self.store.search(query.match, filter, limit: wanted.limit)
        }.map(Self.row)
    }
}
