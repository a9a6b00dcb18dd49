package io.github.lamb4j.tools.cli;

import io.github.lamb4j.error.CollectiveException;
import io.github.lamb4j.error.CudaException;
import io.github.lamb4j.internal.engine.FailedPartwayException;
import io.github.lamb4j.internal.files.Printable;
import io.github.lamb4j.internal.files.WriteFailedException;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExecutionException;
import picocli.CommandLine.IFactory;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** The {@code lamb} command. Exit codes: 0 done, 1 failed, 2 bad input. */
@Command(
    name = "lamb",
    description = "The LAMB optimizer: the same bits on every GPU and on the CPU.",
    subcommands = {
      InfoCommand.class,
      StepCommand.class,
      TrainCommand.class,
      ReportCommand.class,
      BenchCommand.class
    },
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class)
public final class Main implements Callable<Integer> {

  private static final Logger LOG = LoggerFactory.getLogger(Main.class);

  @Spec private CommandSpec spec;

  /** Runs the command line and ends the process. */
  public static void main(String[] arguments) {
    System.exit(commandLine().execute(arguments));
  }

  /** The command, ready to execute; callers may redirect its output first. */
  static CommandLine commandLine() {
    return commandLine(CommandLine.defaultFactory());
  }

  /** The command with subcommands from a factory. */
  static CommandLine commandLine(IFactory subcommands) {
    CommandLine lamb = new CommandLine(new Main(), subcommands);
    lamb.getSubcommands()
        .values()
        .forEach(command -> command.getCommandSpec().versionProvider(new Version()));
    // Arguments are taken literally, even if they begin with @.
    return lamb.setExpandAtFiles(false)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .registerConverter(Path.class, Main::path)
        .setExecutionStrategy(Main::run)
        .setParameterExceptionHandler((e, given) -> refuse(e.getCommandLine(), e.getMessage()))
        .setExecutionExceptionHandler((e, command, result) -> fail(command, e));
  }

  /** Runs the last command. What it prints is a result too, so all of it must be written. */
  private static int run(ParseResult parsed) {
    int exitCode = new CommandLine.RunLast().execute(parsed);
    List<CommandLine> commands = parsed.asCommandLineList();
    CommandLine command = commands.get(commands.size() - 1);
    // The command's writer does not notice if System.out, to which it writes, has failed.
    if (command.getOut().checkError() || System.out.checkError()) {
      throw new ExecutionException(
          command,
          "output",
          new CommandFailed(
              "standard output: cannot be written completely; make room, or direct it elsewhere"));
    }
    return exitCode;
  }

  /** An empty path, as from an unset shell variable, would mean the current directory. */
  private static Path path(String text) {
    if (text.isEmpty()) {
      throw new TypeConversionException("an empty path; specify a file or folder");
    }
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw new TypeConversionException("not a path: " + e.getReason());
    }
  }

  @Override
  public Integer call() {
    throw new ParameterException(
        spec.commandLine(), "no command given: info, step, train, report or bench");
  }

  private static int refuse(CommandLine command, String message) {
    String help = " (see " + command.getCommandSpec().qualifiedName() + " --help)";
    command.getErr().println(oneLine(command, message) + help);
    return CommandLine.ExitCode.USAGE;
  }

  /**
   * Refusals of the library and the file system name the thing, its value and the remedy, so one
   * line is enough.
   */
  private static int fail(CommandLine command, Exception e) throws Exception {
    boolean refusal =
        e instanceof BadInput
            || e instanceof CommandFailed
            || e instanceof IOException
            || e instanceof IllegalArgumentException
            || e instanceof IllegalStateException
            || e instanceof CudaException
            || e instanceof CollectiveException;
    if (!refusal || e.getMessage() == null) {
      throw e;
    }
    LOG.debug("refused", e);
    command.getErr().println(oneLine(command, e.getMessage()));
    return isFailure(e) ? CommandLine.ExitCode.SOFTWARE : CommandLine.ExitCode.USAGE;
  }

  /** Whether something failed at run time; otherwise the input was refused. */
  private static boolean isFailure(Exception e) {
    return e instanceof FailedPartwayException
        || e instanceof CommandFailed
        || e instanceof WriteFailedException
        || e instanceof CudaException
        || e instanceof CollectiveException;
  }

  private static String oneLine(CommandLine command, String message) {
    String line = Printable.escape(message.replaceAll("\\s*\\R\\s*", " "));
    String rank = Launch.of(System.getenv()).prefix();
    return command.getCommandSpec().qualifiedName()
        + ": "
        + (line.startsWith(rank) ? "" : rank)
        + line;
  }

  /** The version in the jar's manifest. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"lamb4j " + InfoCommand.version(Main.class)};
    }
  }
}
