internal import ArgumentParser

/// Runs the command line and exits.
package func runFakedapr() async {
    await FakedaprCommand.main()
}
