import ArgumentParser
import DescordCore

/// The name of a consumer: the alphabet and the length of channel names, so that no shell finds a character
/// in it that means something to it.
package struct CursorName: ExpressibleByArgument, Hashable, Sendable {
    package let text: String

    package init?(argument: String) {
        // What is no channel name is no cursor's either; the usage error says which value it was.
        guard let name = try? ChannelName(parsing: argument) else { return nil }
        self.text = name.text
    }
}
