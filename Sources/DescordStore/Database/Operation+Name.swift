import DescordCore

/// In this target the name means descord's operation, also where Foundation is imported.
typealias Operation = DescordCore.Operation
