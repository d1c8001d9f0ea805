import DescordCore
import DescordStore
import Glibc

/// Files that somebody posts, read once and before anything is stored.
enum FileInput {
    /// Reads files; more than a message may have, one that is too large, and what is no regular file are
    /// refused.
    static func read(_ paths: [String]) throws(CommandError) -> [PostedFile] {
        guard paths.count <= PayloadLimits.maxFileCount else {
            throw CommandError(
                .usage, .usage, "a message has at most \(PayloadLimits.maxFileCount) files",
                hint: "post the others with another message")
        }
        var files: [PostedFile] = []
        for path in paths { files.append(try self.read(path)) }
        return files
    }

    private static func read(_ path: String) throws(CommandError) -> PostedFile {
        // Without O_NONBLOCK a pipe would keep us before we know that it is one.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw self.unreadable(path, errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw self.unreadable(path, errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw CommandError(
                .badInput, .badFile, "\"\(path)\" is no regular file; nothing was posted",
                hint: "make a file of it, or an archive of a folder")
        }
        let bytes = try StandardStreams.read(descriptor, limit: FileLimits.maxFileSize)
        guard bytes.count <= FileLimits.maxFileSize else {
            throw CommandError(
                .badInput, .fileTooLarge,
                "\"\(path)\" has more than \(FileLimits.maxFileSize) bytes; nothing was posted",
                hint: "compress or split it")
        }
        let name = path.split(separator: "/").last.map(String.init) ?? path
        guard let file = PostedFile(name: name, bytes: bytes) else {
            throw CommandError(
                .badInput, .badFile,
                "the name of \"\(path)\" has over \(PayloadLimits.maxNameSize) bytes; nothing was posted",
                hint: "post a copy with a shorter name")
        }
        return file
    }

    private static func unreadable(_ path: String, _ code: Int32) -> CommandError {
        CommandError(
            code == ENOENT ? .badInput : .inputOutput, code == ENOENT ? .unknownReference : .inputOutput,
            "cannot read \"\(path)\": \(SystemText.error(code))")
    }
}
