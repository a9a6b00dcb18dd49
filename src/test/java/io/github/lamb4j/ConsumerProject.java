package io.github.lamb4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A program that uses the packaged jars, compiled and run in processes of its own. */
final class ConsumerProject {

  static final Path LIBRARY = Path.of("target/lamb4j.jar");
  static final Path TOOLS = Path.of("target/lamb4j-tools.jar");
  static final Path TESTING = Path.of("target/lamb4j-testing.jar");

  private final Path directory;

  /** Creates a project in an empty directory. */
  ConsumerProject(Path directory) {
    this.directory = directory;
  }

  Path sources() {
    return directory.resolve("src");
  }

  Path classes() {
    return directory.resolve("classes");
  }

  /** Compiles without warnings; the module descriptor may be null. */
  void compile(String module, String program, String... libraries) throws Exception {
    Files.createDirectories(sources().resolve("consumer"));
    Files.writeString(sources().resolve("consumer/Main.java"), program);
    if (module != null) {
      Files.writeString(sources().resolve("module-info.java"), module);
    }
    Result result = compileSources(module != null, libraries);
    assertEquals(0, result.exit, result.output);
  }

  Result compileSources(boolean module, String... libraries) throws Exception {
    List<Path> entries = new ArrayList<>(List.of(LIBRARY));
    for (String name : libraries) {
      entries.add(library(name));
    }
    List<String> command =
        new ArrayList<>(
            List.of(
                tool("javac"),
                "-Xlint:all,-requires-automatic,-classfile",
                "-Werror",
                "-d",
                classes().toString(),
                module ? "--module-path" : "-classpath",
                path(entries.toArray(Path[]::new))));
    try (Stream<Path> files = Files.walk(sources())) {
      files.filter(f -> f.toString().endsWith(".java")).map(Path::toString).forEach(command::add);
    }
    return execute(command.toArray(String[]::new));
  }

  String runModule(String... libraries) throws Exception {
    List<Path> entries = new ArrayList<>(List.of(classes(), LIBRARY));
    for (String name : libraries) {
      entries.add(library(name));
    }
    return run(
        tool("java"),
        "-Djava.io.tmpdir=" + Files.createTempDirectory(directory, "tmp"),
        "--module-path",
        path(entries.toArray(Path[]::new)),
        "-m",
        "consumer/consumer.Main");
  }

  String runClasses(String... libraries) throws Exception {
    return runClassesAfter(List.of(), libraries);
  }

  /** Runs the program with these jars first on the class path. */
  String runClassesAfter(List<Path> first, String... libraries) throws Exception {
    List<Path> entries = new ArrayList<>(first);
    entries.addAll(List.of(classes(), LIBRARY));
    for (String name : libraries) {
      entries.add(library(name));
    }
    return run(
        tool("java"),
        "-Djava.io.tmpdir=" + Files.createTempDirectory(directory, "tmp"),
        "-cp",
        path(entries.toArray(Path[]::new)),
        "consumer.Main");
  }

  static String path(Path... entries) {
    return Arrays.stream(entries)
        .map(Path::toString)
        .collect(Collectors.joining(File.pathSeparator));
  }

  /** The jar of one of the library's dependencies. */
  static Path library(String name) throws IOException {
    return find(name).orElseThrow();
  }

  static Optional<Path> find(String name) throws IOException {
    try (Stream<Path> jars = Files.list(Path.of("target/lib"))) {
      return jars.filter(
              jar -> jar.getFileName().toString().matches(name + "-[0-9.]+(-linux-x86_64)?\\.jar"))
          .findFirst();
    }
  }

  static Stream<String> entries(Path jar) throws IOException {
    try (JarFile file = new JarFile(jar.toFile())) {
      return file.stream().map(Object::toString).toList().stream();
    }
  }

  static String tool(String name) {
    return Path.of(System.getProperty("java.home"), "bin", name).toString();
  }

  record Result(int exit, String output) {}

  static String run(String... command) throws Exception {
    Result result = execute(command);
    assertEquals(0, result.exit, result.output);
    return result.output;
  }

  static Result execute(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(1, TimeUnit.MINUTES), () -> "hangs: " + List.of(command));
    return new Result(process.exitValue(), output);
  }
}
