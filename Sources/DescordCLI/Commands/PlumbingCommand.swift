import ArgumentParser

/// `descord plumbing`
package struct PlumbingCommand: CommandFolder {
    package static let configuration = CommandConfiguration(
        commandName: "plumbing", abstract: "Parts of descord for other programs to drive.",
        discussion: "Nothing here needs an identity, a home or the network.",
        subcommands: [PlumbingNegentropyCommand.self])

    package init() {}
}
