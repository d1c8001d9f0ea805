/// What is counted while a world runs.
struct Tally {
    var events = 0
    /// Messages of the space that were published.
    var messages = 0
    /// Deliveries that had to happen, those of them that did, and all that happened.
    var expected = 0
    var delivered = 0
    var deliveries = 0
    var latencies = LatencyHistogram()
    /// Those of the urgent messages, of the burst, and of all others; empty where nothing is told apart.
    var urgentLatencies = LatencyHistogram()
    var burstLatencies = LatencyHistogram()
    var ordinaryLatencies = LatencyHistogram()

    // What honest nodes sent since the first publication.
    var bytes = 0
    var copies = 0
    var grafts = 0
    var prunes = 0
    var ihaves = 0
    var iwants = 0
    var idontwants = 0
    /// RPCs that found a full queue.
    var queueFull = 0

    // The sizes of meshes, over all nodes and looks.
    var samples = 0
    var meshNodes = 0
    var meshPeers = 0
    var meshMin: Int?
    var meshMax = 0
}
