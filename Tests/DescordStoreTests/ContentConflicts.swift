import DescordCore
import DescordCrypto
import LibP2PCore

/// Conflicts about what is done to messages; who may do it is decided like everything else.
enum ContentConflicts {
    typealias Conflict = ConflictTests.Conflict

    static let all: [Conflict] = [
        Conflict("an author deletes its own message") { s in
            let post = s.post("post", by: .dan)
            s.act("delete", by: .dan, MessageDelete(), on: post)
            return [:]
        },
        Conflict("a member deletes no message of another", void: ["delete"]) { s in
            let post = s.post("post", by: .dan)
            s.act("delete", by: .eve, MessageDelete(), on: post)
            return [:]
        },
        Conflict("a moderator deletes a member's message") { s in
            let post = s.post("post", by: .dan)
            s.act("delete", by: .cat, MessageDelete(), on: post)
            return [:]
        },
        Conflict("a moderator deletes nothing of those above", void: ["delete"]) { s in
            let post = s.post("post", by: .ben)
            s.act("delete", by: .cat, MessageDelete(), on: post)
            return [:]
        },
        Conflict("nobody deletes what the creator said", void: ["delete"]) { s in
            let post = s.post("post", by: .ann)
            s.act("delete", by: .ben, MessageDelete(), on: post)
            return [:]
        },
        Conflict("a deletion has to follow what it deletes", void: ["delete"]) { s in
            let post = s.post("post", by: .dan)
            let between = s.post("between", by: .cat, after: [post])
            s.write(
                "delete", by: .cat, MessageDelete(), in: s.channel, target: post.id, after: [between])
            return [:]
        },
        Conflict("a moderator's deletion falls with the moderator", revoked: ["delete"]) { s in
            let post = s.post("post", by: .dan)
            s.act("delete", by: .cat, MessageDelete(), on: post)
            s.kick("kick", by: .ben, .cat)
            return [.cat: nil]
        },
        Conflict("a deletion stays that the last good operation follows") { s in
            let post = s.post("post", by: .dan)
            let delete = s.act("delete", by: .cat, MessageDelete(), on: post)
            s.kick("kick", by: .ben, .cat, lastGood: delete)
            return [.cat: nil]
        },
        Conflict("a demoted moderator deletes as a member", revoked: ["other"]) { s in
            let post = s.post("post", by: .dan)
            let own = s.post("own", by: .cat)
            s.act("other", by: .cat, MessageDelete(), on: post)
            s.act("mine", by: .cat, MessageDelete(), on: own)
            s.write(
                "take", by: .ben,
                RoleTake(
                    role: BuiltInRole.moderator.id, member: ConflictTests.Person.cat.publicKey,
                    lastGood: nil))
            return [.cat: 0]
        },
        Conflict("nobody edits what another said", void: ["edit"]) { s in
            let post = s.post("post", by: .dan)
            s.act("edit", by: .ben, MessageEdit(text: "x"), on: post)
            return [:]
        },
        Conflict("a muted member edits nothing and deletes its own", void: ["edit"]) { s in
            let post = s.post("post", by: .dan)
            let mute = s.write(
                "mute", by: .cat,
                Mute(member: ConflictTests.Person.dan.publicKey, lastGood: post.id), after: [post])
            s.act("edit", by: .dan, MessageEdit(text: "x"), on: post, after: [mute])
            s.act("delete", by: .dan, MessageDelete(), on: post, after: [mute])
            return [:]
        },
        Conflict("a channel's moderator deletes there what members said") { s in
            let word = s.write(
                "name", by: .ben,
                ChannelModerator(member: ConflictTests.Person.eve.publicKey, isModerator: true),
                in: s.channel)
            let post = s.post("post", by: .dan)
            s.act("delete", by: .eve, MessageDelete(), on: post, after: [word])
            return [:]
        },
        Conflict("an act upon a message of another channel", void: ["react"]) { s in
            let other = s.write("other", by: .ben, ChannelCreate(name: "d"))
            let post = s.post("post", by: .dan)
            s.write(
                "react", by: .eve, ReactionAdd(emoji: "x"), in: other.id, on: post, after: [other])
            return [:]
        },
        Conflict("an act upon what is no message", void: ["pin"]) { s in
            let other = s.write("other", by: .ben, ThreadCreate(title: "t"), in: s.channel)
            s.act("pin", by: .eve, Pin(), on: other)
            return [:]
        },
    ]
}
