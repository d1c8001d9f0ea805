import DescordCore

/// What a file of somebody else's is called on this disk, made of what its author calls it.
enum SafeFileName {
    /// Bytes of a name: leaves room for what is put before it, in a folder that takes 255.
    static let maxSize = 100
    /// Digits of the hash that stand for a name that cannot be used.
    private static let hashDigits = 16

    /// Returns the last component of the author's name with `_` for white space, when it consists of letters,
    /// digits, `.`, `_` and `-`, begins with neither a dot nor a hyphen, and has at most 100 bytes; else
    /// `file-` and the beginning of the hash.
    static func of(_ file: FileReference) -> String {
        let parts = file.name.split(omittingEmptySubsequences: false) { $0 == "/" || $0 == "\\" }
        var name = String.UnicodeScalarView()
        for scalar in (parts.last ?? "").unicodeScalars { name.append(scalar == " " ? "_" : scalar) }
        let isSafe = name.allSatisfy { scalar in
            switch scalar.properties.generalCategory {
            case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
                .decimalNumber, .letterNumber, .otherNumber:
                true
            default: "._-".unicodeScalars.contains(scalar)
            }
        }
        guard isSafe, let first = name.first, first != ".", first != "-",
            String(name).utf8.count <= self.maxSize
        else { return "file-" + file.hash.hex.prefix(self.hashDigits) }
        return String(name)
    }

    /// The names of several files in one folder: a name that an earlier one has gets its place in front.
    static func of(_ files: [FileReference]) -> [String] {
        var taken: Set<String> = []
        return files.enumerated().map { place, file in
            var name = self.of(file)
            while !taken.insert(name).inserted { name = "\(place + 1)-\(name)" }
            return name
        }
    }
}
