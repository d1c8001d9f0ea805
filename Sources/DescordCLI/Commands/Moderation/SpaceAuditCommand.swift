import ArgumentParser
import DescordCore
import DescordStore
import LibP2PCore

/// `descord space audit`
package struct SpaceAuditCommand: DescordCommand {
    package static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Show who changed what in a space, and what became of it.")

    @Argument(
        help: "A name or the beginning of an id; else the current space.", completion: Completions.spaces)
    package var space: String?
    @Option(
        name: .customShort("n"), help: ArgumentHelp("At most so many, the newest.", valueName: "count"))
    package var count: UInt32?
    @OptionGroup(title: "Global options") package var global: GlobalOptions

    package init() {}

    package func run(in context: CommandContext) async throws {
        let home = try context.home()
        let space = try References(home.records, environment: context.surroundings.environment)
            .space(self.space)
        var table = TextTable()
        for entry in try home.records.audit(of: space.id, limit: self.count.map(Int.init)).reversed() {
            let operation = entry.operation
            let member = (operation.grantedMember ?? operation.revokedMember).map { PeerID($0).description }
            let author = PeerID(operation.author).description
            if context.output.isJSON {
                try context.output.emit([
                    "op": .string(operation.id.hex), "space": .string(space.id.hex),
                    "time": .optional(operation.header.clock.wallTime), "author": .string(author),
                    "kind": .string(operation.kind.name), "member": .optional(member),
                    "channel": .optional(operation.header.channel?.hex), "state": .string(entry.state.name),
                    "detail": .optional(operation.auditDetail),
                ])
            } else {
                table.add(
                    Timestamp.format(operation.header.clock.wallTime), Short.id(operation.id), author,
                    operation.kind.name, member ?? operation.header.channel.map(Short.id) ?? "",
                    context.output.foreign(operation.auditDetail ?? ""),
                    entry.state == .admitted ? "" : entry.state.name)
            }
        }
        for line in table.lines { try context.output.line(line) }
    }
}

extension OperationKind {
    /// The kind as the protocol's tables call it; its number when it is not known.
    package var name: String {
        switch self {
        case .spaceCreate: "space create"
        case .spaceRename: "space rename"
        case .spaceVisibility: "space visibility"
        case .channelCreate: "channel create"
        case .channelUpdate: "channel update"
        case .channelArchive: "channel archive"
        case .channelModerator: "channel moderator"
        case .memberJoin: "member join"
        case .memberAdmit: "member admit"
        case .memberLeave: "member leave"
        case .memberRemove: "member remove"
        case .roleDefine: "role define"
        case .roleGrant: "role grant"
        case .roleTake: "role take"
        case .ban: "ban"
        case .unban: "unban"
        case .mute: "mute"
        case .inviteCreate: "invite create"
        case .inviteRevoke: "invite revoke"
        case .budgetChange: "budget change"
        case .messagePost: "message post"
        case .messageEdit: "message edit"
        case .messageDelete: "message delete"
        case .reactionAdd: "reaction add"
        case .reactionRemove: "reaction remove"
        case .pin: "pin"
        case .unpin: "unpin"
        case .threadCreate: "thread create"
        case .profile: "profile"
        default: "kind \(self.rawValue)"
        }
    }
}

extension OperationState {
    /// The state in one word.
    package var name: String {
        switch self {
        case .admitted: "in force"
        case .waiting: "waiting"
        case .held: "held"
        case .invalid: "invalid"
        case .void: "void"
        case .revoked: "revoked"
        }
    }
}

extension Operation {
    /// What a line of the audit says besides whom it is about.
    fileprivate var auditDetail: String? {
        if let define = self.payload(RoleDefine.self) { return "\(define.name) rank \(define.rank)" }
        if let name = self.payload(ChannelCreate.self)?.name { return name }
        if let name = self.payload(SpaceCreate.self)?.name ?? self.payload(SpaceRename.self)?.name {
            return name
        }
        if let mute = self.payload(Mute.self), mute.isLifted { return "lifted" }
        if let invite = self.payload(InviteCreate.self) { return "rank \(invite.rank), uses \(invite.uses)" }
        return self.payload(MemberRemove.self)?.reason ?? self.payload(Ban.self)?.reason
    }
}
