package io.github.lamb4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the README shows compiles, runs, and is there. */
class ReadmeTest {

  private static final Path README = Path.of("README.md");

  private static List<String> blocks(String language) throws IOException {
    Matcher matcher =
        Pattern.compile("^```" + language + "\\n(.*?)^```", Pattern.MULTILINE | Pattern.DOTALL)
            .matcher(Files.readString(README));
    List<String> blocks = new ArrayList<>();
    while (matcher.find()) {
      blocks.add(matcher.group(1));
    }
    assertFalse(blocks.isEmpty(), "no " + language + " in the README");
    return blocks;
  }

  @Test
  void shouldShowJavaThatCompiles(@TempDir Path folder) throws IOException {
    for (String block : blocks("java")) {
      compile(block, folder);
    }
  }

  @Test
  void shouldShowACpuProgramThatRuns(@TempDir Path folder) throws Exception {
    String block =
        blocks("java").stream().filter(b -> b.contains("main(String[]")).findFirst().orElseThrow();
    compile(block, folder);
    try (URLClassLoader loader = new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
      var main = loader.loadClass("OnTheCpu").getMethod("main", String[].class);
      main.setAccessible(true);
      main.invoke(null, (Object) new String[0]);
    }
  }

  @Test
  void shouldNameFilesThatExist() throws IOException {
    Matcher links = Pattern.compile("\\]\\((?!http)([^)#]+)\\)").matcher(Files.readString(README));
    while (links.find()) {
      assertTrue(Files.exists(Path.of(links.group(1))), links.group(1));
    }
  }

  @Test
  void shouldNameATestForEveryFeature() throws IOException {
    Set<String> tests;
    try (Stream<Path> files = Files.walk(Path.of("src/test/java"))) {
      tests =
          files
              .map(file -> file.getFileName().toString())
              .filter(name -> name.endsWith("Test.java"))
              .map(name -> name.replace(".java", ""))
              .collect(Collectors.toSet());
    }
    String section = Files.readString(README).split("## Beside other LAMBs\n")[1].split("\n## ")[0];
    List<String> rows =
        section.lines().filter(line -> line.startsWith("| ") && !line.startsWith("| |")).toList();
    assertTrue(rows.size() > 20, "rows: " + rows.size());
    for (String row : rows) {
      String[] cells = row.split("\\|");
      String test = cells[cells.length - 1].strip().replace("`", "");
      assertTrue(tests.contains(test), row);
    }
  }

  private static void compile(String source, Path folder) {
    Matcher name = Pattern.compile("class (\\w+)").matcher(source);
    assertTrue(name.find(), source);
    JavaFileObject file =
        new SimpleJavaFileObject(
            URI.create("string:///" + name.group(1) + ".java"), JavaFileObject.Kind.SOURCE) {
          @Override
          public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return source;
          }
        };
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    DiagnosticCollector<JavaFileObject> diagnostics = new DiagnosticCollector<>();
    List<String> options =
        List.of(
            "-d",
            folder.toString(),
            "-classpath",
            System.getProperty("java.class.path"),
            "-Xlint:all");
    compiler.getTask(null, null, diagnostics, options, null, List.of(file)).call();
    List<String> errors =
        diagnostics.getDiagnostics().stream()
            .filter(d -> d.getKind() == Diagnostic.Kind.ERROR)
            .map(Object::toString)
            .toList();
    assertEquals(List.of(), errors);
  }
}
