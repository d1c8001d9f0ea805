import DescordCore
import DescordCrypto
import LibP2PCore

@testable import DescordStore

/// The conflicts of `ConflictTests`: what happens at once, and what everybody must see afterwards.
enum Conflicts {
    typealias Conflict = ConflictTests.Conflict

    private static let member = BuiltInRole.member.id
    private static let moderator = BuiltInRole.moderator.id
    private static let admin = BuiltInRole.admin.id

    static let all =
        removals + grants + ranks + transitivity + mutes + bans + channels + joins + ContentConflicts.all

    // MARK: - Removals

    static let removals: [Conflict] = [
        Conflict("a removal beside a message", revoked: ["late"]) { s in
            let early = s.post("early", by: .dan)
            s.kick("kick", by: .cat, .dan, lastGood: early)
            s.post("late", by: .dan)
            return [.dan: nil]
        },
        Conflict("a removal that names nothing voids everything", revoked: ["one", "two"]) { s in
            s.post("one", by: .dan)
            s.post("two", by: .dan)
            s.kick("kick", by: .cat, .dan)
            return [.dan: nil]
        },
        Conflict("a message that follows the removal was never permitted", void: ["after"]) { s in
            let kick = s.kick("kick", by: .cat, .dan)
            s.post("after", by: .dan, after: [kick])
            return [.dan: nil]
        },
        Conflict("two remove one member at once", revoked: ["late"]) { s in
            let early = s.post("early", by: .dan)
            s.kick("one", by: .cat, .dan, lastGood: early)
            s.kick("two", by: .ben, .dan, lastGood: early)
            s.post("late", by: .dan)
            return [.dan: nil]
        },
        Conflict("the stricter of two removals counts", revoked: ["early"]) { s in
            let early = s.post("early", by: .dan)
            s.kick("mild", by: .cat, .dan, lastGood: early)
            s.kick("strict", by: .ben, .dan)
            return [.dan: nil]
        },
        Conflict("a member removes nobody", void: ["kick"]) { s in
            s.kick("kick", by: .dan, .eve)
            s.post("post", by: .eve)
            return [.eve: 0]
        },
        Conflict("a moderator does not remove an admin", void: ["kick"]) { s in
            s.kick("kick", by: .cat, .ben)
            return [.ben: 900]
        },
        Conflict("nobody removes the creator", void: ["kick"]) { s in
            s.kick("kick", by: .ben, .ann)
            s.post("post", by: .ann)
            return [.ann: 1_001]
        },
        Conflict("nobody removes himself", void: ["kick"]) { s in
            s.kick("kick", by: .cat, .cat)
            return [.cat: 500]
        },
        Conflict("leaving beside a removal", revoked: ["leave"]) { s in
            s.write("leave", by: .dan, MemberLeave())
            s.kick("kick", by: .cat, .dan)
            return [.dan: nil]
        },
        Conflict("a last good operation of somebody else", void: ["kick"]) { s in
            let other = s.post("other", by: .eve)
            s.kick("kick", by: .cat, .dan, lastGood: other)
            return [.dan: 0]
        },
        Conflict("a clock ahead does not help", revoked: ["late"]) { s in
            let early = s.post("early", by: .dan)
            s.kick("kick", by: .cat, .dan, lastGood: early)
            s.write("late", by: .dan, MessagePost(text: "l"), in: s.channel, ahead: 1 << 24)
            return [.dan: nil]
        },
    ]

    // MARK: - Grants

    static let grants: [Conflict] = [
        Conflict("a removal wins over a grant beside it") { s in
            s.grant("grant", by: .ann, s.plainRole(100), to: .dan)
            s.kick("kick", by: .cat, .dan)
            return [.dan: nil]
        },
        Conflict("a later grant restores") { s in
            let kick = s.kick("kick", by: .cat, .dan)
            let grant = s.grant("grant", by: .ben, member, to: .dan, after: [kick])
            s.post("post", by: .dan, after: [grant])
            return [.dan: 0]
        },
        Conflict("what was void before a later grant stays void", revoked: ["late"]) { s in
            s.post("late", by: .dan)
            let kick = s.kick("kick", by: .cat, .dan)
            s.grant("grant", by: .ben, member, to: .dan, after: [kick])
            return [.dan: 0]
        },
        Conflict("taking a role beside a use of it", revoked: ["kick"]) { s in
            s.write("take", by: .ann, RoleTake(role: moderator, member: Person.cat.publicKey))
            s.kick("kick", by: .cat, .dan)
            return [.cat: 0, .dan: 0]
        },
        Conflict("taking a role leaves what a member may do") { s in
            s.write("take", by: .ann, RoleTake(role: moderator, member: Person.cat.publicKey))
            s.post("post", by: .cat)
            return [.cat: 0]
        },
        Conflict("taking another role takes nothing") { s in
            s.write("take", by: .ann, RoleTake(role: admin, member: Person.cat.publicKey))
            s.kick("kick", by: .cat, .dan)
            return [.cat: 500, .dan: nil]
        },
        Conflict("taking a role beside granting it") { s in
            s.write("take", by: .ben, RoleTake(role: moderator, member: Person.cat.publicKey))
            s.grant("grant", by: .ben, moderator, to: .eve)
            s.grant("again", by: .ann, moderator, to: .cat)
            return [.cat: 0, .eve: 400]
        },
        Conflict("granting a role above one's own", void: ["grant"]) { s in
            s.grant("grant", by: .cat, admin, to: .dan)
            return [.dan: 0]
        },
        Conflict("granting without the permission to", void: ["grant"]) { s in
            s.grant("grant", by: .cat, member, to: .dan)
            return [.dan: 0]
        },
        Conflict("granting to somebody above oneself", void: ["grant"]) { s in
            s.grant("grant", by: .ben, member, to: .ann)
            return [.ann: 1_001]
        },
        Conflict("a role with more than one has", void: ["define"]) { s in
            s.write(
                "define", by: .ben, RoleDefine(name: "r", rank: 10, permissions: 1 << 40))
            return [:]
        },
        Conflict("a role keeps its rank", void: ["raise"]) { s in
            let role = s.write("define", by: .ann, RoleDefine(name: "r", rank: 10, permissions: 1))
            s.write(
                "raise", by: .ann, RoleDefine(role: role.id, name: "r", rank: 700, permissions: 1))
            return [:]
        },
        Conflict("of two definitions at once the higher author's counts", void: ["kick"]) { s in
            let role = s.write("define", by: .ann, RoleDefine(name: "r", rank: 10, permissions: 1 << 4))
            let grant = s.grant("grant", by: .ann, role.id, to: .dan)
            let less = s.write(
                "less", by: .ann, RoleDefine(role: role.id, name: "r", rank: 10, permissions: 1))
            let more = s.write(
                "more", by: .ben, RoleDefine(role: role.id, name: "r", rank: 10, permissions: 1 << 4 | 1),
                after: [grant])
            s.kick("kick", by: .dan, .eve, after: [less, more])
            return [.eve: 0]
        },
    ]

    // MARK: - Ranks

    static let ranks: [Conflict] = [
        Conflict("two of one rank do not touch each other", void: ["one", "two"]) { s in
            s.grant("up", by: .ann, admin, to: .dan)
            let grant = s.grant("also", by: .ann, admin, to: .eve)
            s.kick("one", by: .dan, .eve, after: [grant])
            s.kick("two", by: .eve, .dan, after: [grant])
            return [.dan: 800, .eve: 800]
        },
        Conflict("who pretends not to have read of a promotion takes no more than he outranks") { s in
            let grant = s.grant("grant", by: .ann, admin, to: .dan)
            s.kick("kick", by: .cat, .dan)
            s.kick("use", by: .dan, .eve, after: [grant])
            return [.dan: 800, .eve: nil]
        },
        Conflict("a former admin from his old past", revoked: ["ban"]) { s in
            let good = s.post("good", by: .ben)
            s.write(
                "take", by: .ann, RoleTake(role: admin, member: Person.ben.publicKey, lastGood: good.id),
                after: [good])
            s.write("ban", by: .ben, Ban(member: Person.cat.publicKey))
            s.post("post", by: .cat)
            return [.ben: 0, .cat: 500]
        },
        Conflict("a stolen admin key bans everyone from the beginning of time", revoked: ["one", "two"]) {
            s in
            let good = s.post("good", by: .ben)
            s.write("one", by: .ben, Ban(member: Person.cat.publicKey))
            s.write("two", by: .ben, Ban(member: Person.dan.publicKey))
            s.write("stop", by: .ann, Ban(member: Person.ben.publicKey, lastGood: good.id), after: [good])
            s.post("post", by: .dan)
            return [.ben: nil, .cat: 500, .dan: 0]
        },
        Conflict("a revocation that is itself revoked takes nothing", revoked: ["kick"]) { s in
            s.kick("kick", by: .cat, .dan)
            s.kick("stop", by: .ben, .cat)
            s.post("post", by: .dan)
            return [.cat: nil, .dan: 0]
        },
        Conflict("three ranks in a row", revoked: ["middle"]) { s in
            s.kick("low", by: .cat, .dan)
            s.kick("middle", by: .ben, .cat)
            s.kick("high", by: .ann, .ben)
            return [.ben: nil, .cat: 500, .dan: nil]
        },
        Conflict("who is removed does not remove back", revoked: ["back"]) { s in
            s.grant("up", by: .ann, s.plainRole(950, permissions: 0x7ff), to: .eve)
            s.kick("kick", by: .ann, .eve)
            s.kick("back", by: .eve, .ben, after: [s.named["up"]].compactMap { $0 })
            return [.eve: nil, .ben: 900]
        },
    ]

    // MARK: - Transitivity

    static let transitivity: [Conflict] = [
        Conflict("an admin being banned promotes a puppet, and the puppet acts", revoked: ["puppet", "act"]) {
            s in
            let puppet = s.grant("puppet", by: .ben, moderator, to: .dan)
            s.kick("act", by: .dan, .eve, after: [puppet])
            s.write("ban", by: .ann, Ban(member: Person.ben.publicKey))
            s.post("post", by: .eve)
            return [.ben: nil, .dan: 0, .eve: 0]
        },
        Conflict("a puppet's puppet", revoked: ["role", "one", "two"]) { s in
            let role = s.write("role", by: .ben, RoleDefine(name: "r", rank: 600, permissions: 0x3ff))
            let one = s.grant("one", by: .ben, role.id, to: .dan)
            let small = BuiltInRole.moderator.id
            s.grant("two", by: .dan, small, to: .eve, after: [one])
            s.kick("stop", by: .ann, .ben)
            return [.dan: 0, .eve: 0]
        },
        Conflict("whom a removed admin let in with a void invite", revoked: ["invite", "admit"]) { s in
            let ticket = person(222)
            let invite = s.write(
                "invite", by: .ben,
                InviteCreate(publicKey: ticket.publicKey, rank: 0, uses: 1, expires: nil))
            let join = s.join("join", .fay, invite: invite, ticket: ticket)
            s.write(
                "admit", by: .dan, MemberAdmit(join: join.id, member: Person.fay.publicKey), after: [join])
            s.kick("stop", by: .ann, .ben)
            return [.fay: nil]
        },
        Conflict("whom an admin let in before he was removed stays") { s in
            let ticket = person(222)
            let invite = s.write(
                "invite", by: .ben,
                InviteCreate(publicKey: ticket.publicKey, rank: 0, uses: 1, expires: nil))
            let join = s.join("join", .fay, invite: invite, ticket: ticket)
            s.write(
                "admit", by: .dan, MemberAdmit(join: join.id, member: Person.fay.publicKey), after: [join])
            s.kick("stop", by: .ann, .ben, lastGood: invite)
            return [.fay: 0, .ben: nil]
        },
        Conflict("a definition that is revoked takes the role with it", revoked: ["define", "act"]) { s in
            let role = s.write("define", by: .ben, RoleDefine(name: "r", rank: 100, permissions: 1 << 4))
            let grant = s.grant("grant", by: .ann, role.id, to: .dan, after: [role])
            s.kick("act", by: .dan, .eve, after: [grant])
            s.kick("stop", by: .ann, .ben)
            return [.dan: 0, .eve: 0]
        },
    ]

    // MARK: - Mutes and bans

    static let mutes: [Conflict] = [
        Conflict("a mute beside a message", revoked: ["late"]) { s in
            let early = s.post("early", by: .dan)
            s.write("mute", by: .cat, Mute(member: Person.dan.publicKey, lastGood: early.id), after: [early])
            s.post("late", by: .dan)
            return [.dan: 0]
        },
        Conflict("a muted member still leaves and names a channel") { s in
            let mute = s.write("mute", by: .cat, Mute(member: Person.dan.publicKey))
            s.write("channel", by: .dan, ChannelCreate(name: "d"), after: [mute])
            s.write("leave", by: .dan, MemberLeave())
            return [.dan: nil]
        },
        Conflict("a lifted mute", revoked: ["before"]) { s in
            s.post("before", by: .dan)
            let mute = s.write("mute", by: .cat, Mute(member: Person.dan.publicKey))
            let lift = s.write("lift", by: .ben, Mute(member: Person.dan.publicKey, until: 0), after: [mute])
            s.post("after", by: .dan, after: [lift])
            return [.dan: 0]
        },
        Conflict("a lifting that does not follow the mute lifts nothing", revoked: ["post"]) { s in
            s.write("mute", by: .cat, Mute(member: Person.dan.publicKey))
            let lift = s.write("lift", by: .ben, Mute(member: Person.dan.publicKey, until: 0))
            s.post("post", by: .dan, after: [lift])
            return [.dan: 0]
        },
        Conflict("a time in a mute ends nothing", void: ["post"]) { s in
            let mute = s.write("mute", by: .cat, Mute(member: Person.dan.publicKey, until: 1))
            s.post("post", by: .dan, after: [mute])
            return [.dan: 0]
        },
        Conflict("members mute nobody", void: ["mute"]) { s in
            s.write("mute", by: .dan, Mute(member: Person.eve.publicKey))
            s.post("post", by: .eve)
            return [.eve: 0]
        },
    ]

    static let bans: [Conflict] = [
        Conflict("a ban beside an admission") { s in
            let ticket = person(222)
            let invite = s.write(
                "invite", by: .ann,
                InviteCreate(publicKey: ticket.publicKey, rank: 0, uses: 1, expires: nil))
            let join = s.join("join", .fay, invite: invite, ticket: ticket)
            s.write(
                "admit", by: .dan, MemberAdmit(join: join.id, member: Person.fay.publicKey), after: [join])
            s.write("ban", by: .ben, Ban(member: Person.fay.publicKey))
            return [.fay: nil]
        },
        Conflict("a grant does not lift a ban") { s in
            let ban = s.write("ban", by: .ben, Ban(member: Person.dan.publicKey))
            s.grant("grant", by: .ann, member, to: .dan, after: [ban])
            return [.dan: nil]
        },
        Conflict("a grant after an unban restores") { s in
            let ban = s.write("ban", by: .ben, Ban(member: Person.dan.publicKey))
            let unban = s.write("unban", by: .ann, Unban(member: Person.dan.publicKey), after: [ban])
            s.grant("grant", by: .ann, member, to: .dan, after: [unban])
            return [.dan: 0]
        },
        Conflict("an unban alone restores nobody") { s in
            let ban = s.write("ban", by: .ben, Ban(member: Person.dan.publicKey))
            s.write("unban", by: .ann, Unban(member: Person.dan.publicKey), after: [ban])
            return [.dan: nil]
        },
        Conflict("an unban beside the ban lifts nothing") { s in
            s.write("ban", by: .ben, Ban(member: Person.dan.publicKey))
            let unban = s.write("unban", by: .ann, Unban(member: Person.dan.publicKey))
            s.grant("grant", by: .ann, member, to: .dan, after: [unban])
            return [.dan: nil]
        },
        Conflict("a ticket never restores", void: ["join"]) { s in
            let kick = s.kick("kick", by: .cat, .dan)
            let ticket = person(222)
            let invite = s.write(
                "invite", by: .cat,
                InviteCreate(publicKey: ticket.publicKey, rank: 0, uses: 1, expires: nil), after: [kick])
            s.join("join", .dan, invite: invite, ticket: ticket)
            return [.dan: nil]
        },
    ]

    // MARK: - Channels and joins

    static let channels: [Conflict] = [
        Conflict("a message beside an archiving stays") { s in
            s.write("archive", by: .ann, ChannelArchive(archived: true), in: s.channel)
            s.post("post", by: .dan)
            return [:]
        },
        Conflict("a message after an archiving", void: ["post"]) { s in
            let archive = s.write("archive", by: .ann, ChannelArchive(archived: true), in: s.channel)
            s.post("post", by: .dan, after: [archive])
            return [:]
        },
        Conflict("of archiving and opening at once the higher rank's counts", void: ["post"]) { s in
            let archive = s.write("archive", by: .ann, ChannelArchive(archived: true), in: s.channel)
            let open = s.write(
                "open", by: .ben, ChannelArchive(archived: false), in: s.channel, ahead: 1 << 24)
            s.post("post", by: .dan, after: [archive, open])
            return [:]
        },
        Conflict("a read-only channel is for those who moderate it", void: ["no"]) { s in
            let change = s.write("change", by: .ann, ChannelUpdate(isReadOnly: true), in: s.channel)
            s.post("no", by: .dan, after: [change])
            s.post("yes", by: .cat, after: [change])
            return [:]
        },
        Conflict("a channel's moderator posts in it, and nowhere else moderates", void: ["kick"]) { s in
            let change = s.write("change", by: .ann, ChannelUpdate(isReadOnly: true), in: s.channel)
            let word = s.write(
                "word", by: .cat, ChannelModerator(member: Person.dan.publicKey, isModerator: true),
                in: s.channel, after: [change])
            s.post("post", by: .dan, after: [word])
            s.kick("kick", by: .dan, .eve)
            return [.dan: 1]
        },
        Conflict("naming and unnaming a channel's moderator at once", void: ["post"]) { s in
            let change = s.write("change", by: .ann, ChannelUpdate(isReadOnly: true), in: s.channel)
            let word = s.write(
                "word", by: .ann, ChannelModerator(member: Person.dan.publicKey, isModerator: true),
                in: s.channel)
            let unword = s.write(
                "unword", by: .cat, ChannelModerator(member: Person.dan.publicKey, isModerator: false),
                in: s.channel, after: [change])
            s.post("post", by: .dan, after: [word, unword])
            return [.dan: 0]
        },
    ]

    static let joins: [Conflict] = [
        Conflict("an admission to a rank by somebody below it", void: ["admit"]) { s in
            let ticket = person(222)
            let invite = s.write(
                "invite", by: .ben,
                InviteCreate(publicKey: ticket.publicKey, rank: 600, uses: 1, expires: nil))
            let join = s.join("join", .fay, invite: invite, ticket: ticket)
            s.write(
                "admit", by: .cat, MemberAdmit(join: join.id, member: Person.fay.publicKey), after: [join])
            return [.fay: nil]
        },
        Conflict("voiding an invite reaches no creator's admission above it", revoked: ["invite", "admit"]) {
            s in
            let ticket = person(222)
            let invite = s.write(
                "invite", by: .dan,
                InviteCreate(publicKey: ticket.publicKey, rank: 0, uses: 1, expires: nil))
            let join = s.join("join", .fay, invite: invite, ticket: ticket)
            s.write(
                "admit", by: .ann, MemberAdmit(join: join.id, member: Person.fay.publicKey), after: [join])
            s.kick("kick", by: .cat, .dan)
            return [.fay: nil]
        },
        Conflict("a member's invite works through anybody") { s in
            let ticket = person(222)
            let invite = s.write(
                "invite", by: .dan,
                InviteCreate(publicKey: ticket.publicKey, rank: 0, uses: 1, expires: nil))
            let join = s.join("join", .fay, invite: invite, ticket: ticket)
            s.write(
                "admit", by: .ann, MemberAdmit(join: join.id, member: Person.fay.publicKey), after: [join])
            return [.fay: 0]
        },
        Conflict("an invite beyond its author's rank", void: ["invite"]) { s in
            s.write(
                "invite", by: .cat,
                InviteCreate(publicKey: person(222).publicKey, rank: 500, uses: 1, expires: nil))
            return [:]
        },
        Conflict("a moderator ends a member's invite") { s in
            let invite = s.write(
                "invite", by: .dan,
                InviteCreate(publicKey: person(222).publicKey, rank: 0, uses: 1, expires: nil))
            s.write("end", by: .cat, InviteRevoke(invite: invite.id), after: [invite])
            return [:]
        },
        Conflict("a member ends no other's invite", void: ["end"]) { s in
            let invite = s.write(
                "invite", by: .dan,
                InviteCreate(publicKey: person(222).publicKey, rank: 0, uses: 1, expires: nil))
            s.write("end", by: .eve, InviteRevoke(invite: invite.id), after: [invite])
            return [:]
        },
    ]

    // MARK: - Seven at once

    static let sevens: [Conflict] = [
        Conflict("a banned admin, a puppet, and those whom it reached") { s in
            let good = s.post("good", by: .ben)
            let puppet = s.grant("puppet", by: .ben, moderator, to: .dan)
            s.kick("act", by: .dan, .eve, after: [puppet])
            s.write("ban", by: .ann, Ban(member: Person.ben.publicKey, lastGood: good.id), after: [good])
            s.post("post", by: .eve)
            s.kick("other", by: .cat, .eve)
            s.kick("stop", by: .ann, .cat)
            return [:]
        },
        Conflict("a mute, its lifting, a removal and a restoring") { s in
            s.post("before", by: .dan)
            let mute = s.write("mute", by: .cat, Mute(member: Person.dan.publicKey))
            let lift = s.write("lift", by: .ben, Mute(member: Person.dan.publicKey, until: 0), after: [mute])
            s.post("between", by: .dan, after: [lift])
            let kick = s.kick("kick", by: .cat, .dan)
            let grant = s.grant("grant", by: .ann, member, to: .dan, after: [kick, lift])
            s.post("after", by: .dan, after: [grant])
            return [:]
        },
    ]
}

private typealias Person = AuthorityStage.Person

extension AuthorityStage {
    /// A role that Ann defines in passing.
    mutating func plainRole(_ rank: UInt32, permissions: UInt64 = 1) -> OperationID {
        self.write(nil, by: .ann, RoleDefine(name: "r", rank: rank, permissions: permissions)).id
    }
}
