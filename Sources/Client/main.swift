import ArgumentParser
import Glibc

// A pipe whose reader is gone is an error of write, not the end of the program.
_ = signal(SIGPIPE, SIG_IGN)
exit(Hearth.perform(Array(CommandLine.arguments.dropFirst())).rawValue)
