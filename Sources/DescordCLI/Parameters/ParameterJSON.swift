import LibP2P

extension ParameterValue {
    /// The value as JSON.
    var json: JSONValue {
        switch self {
        case .flag(let value): .bool(value)
        case .integer(let value): .integer(Int64(value))
        case .number(let value): .number(value)
        case .text(let value): .string(value)
        case .texts(let values): .array(values.map { .string($0) })
        }
    }

    /// What a file holds; nil for null, objects and mixed lists.
    init?(_ json: JSONValue) {
        switch json {
        case .bool(let value): self = .flag(value)
        case .integer(let value): self = .integer(Int(value))
        case .number(let value): self = .number(value)
        case .string(let value): self = .text(value)
        case .array(let values):
            var texts: [String] = []
            for value in values {
                guard case .string(let text) = value else { return nil }
                texts.append(text)
            }
            self = .texts(texts)
        case .null, .object: return nil
        }
    }
}

extension GossipSubProfile {
    /// Every parameter: those of the router at the top, the others in an object for each group, which is null
    /// when the profile lacks it. A file of this shape is a profile.
    func json(startingFrom base: String) -> JSONValue {
        var members = [JSONValue.Member(name: "profile", value: .string(base))]
        for group in ParameterField.Group.allCases {
            let fields = ParameterField.all.filter { $0.group == group }.map { field in
                JSONValue.Member(name: field.name, value: field.value(in: self)?.json ?? .null)
            }
            switch group {
            case .router: members += fields
            default:
                let value = group.isPresent(in: self) ? JSONValue.object(fields) : .null
                members.append(JSONValue.Member(name: group.rawValue, value: value))
            }
        }
        return .object(members)
    }
}
