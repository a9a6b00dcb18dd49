package io.github.lamb4j.tools.cli;

import io.github.lamb4j.BackendChoice;
import io.github.lamb4j.Lamb;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.Properties;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code lamb info}: shows which backend would run a step on this machine, and why. */
@Command(
    name = "info",
    description =
        "Shows the backend that would be used and why, the device, the kernels and versions.",
    mixinStandardHelpOptions = true)
final class InfoCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    BackendChoice choice = BackendChoice.auto();
    row(out, "backend", choice.backend().toUpperCase(Locale.ROOT) + ": " + choice.reason());
    BackendChoice.details().forEach((name, value) -> row(out, name, value));
    row(
        out,
        "processors",
        Runtime.getRuntime().availableProcessors() + " (threads of the CPU backend)");
    row(out, "java", System.getProperty("java.vm.name") + " " + Runtime.version());
    row(out, "platform", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    row(out, "versions", "lamb4j " + version(Lamb.class) + ", jcuda " + jcudaVersion());
    out.flush();
    return 0;
  }

  private static void row(PrintWriter out, String name, String value) {
    out.printf("%-12s %s%n", name, value);
  }

  static String version(Class<?> type) {
    String version = type.getPackage().getImplementationVersion();
    return version == null ? "unpackaged" : version;
  }

  private static String jcudaVersion() {
    Properties properties = new Properties();
    try (InputStream in =
        InfoCommand.class.getResourceAsStream("/META-INF/maven/org.jcuda/jcuda/pom.properties")) {
      if (in != null) {
        properties.load(in);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return properties.getProperty("version", "unknown");
  }
}
