package io.github.lamb4j.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.Preset;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the README and the guides show compiles, runs, and exists. */
class DocumentationTest {

  private static final int MOST_README_LINES = 160;

  /** Folders that a code span may name. */
  private static final Pattern PATH = Pattern.compile("(kernels|scripts|src|\\.github)/[\\w./-]*");

  private static final Pattern FILE = Pattern.compile("[\\w-]+\\.(java|cuh|cu|ptx|md|xml)");

  private static final Pattern TEST = Pattern.compile("\\w+Test");

  private static List<JavaExample> examples() throws IOException {
    List<JavaExample> examples = new ArrayList<>();
    for (MarkdownPage page : MarkdownPage.all()) {
      page.blocks().stream()
          .filter(block -> block.language().equals("java"))
          .forEach(block -> examples.add(new JavaExample(block)));
    }
    assertTrue(examples.size() >= 10, "examples: " + examples.size());
    return examples;
  }

  @Test
  void shouldShowJavaThatCompilesAndRuns(@TempDir Path folder) throws Exception {
    int programs = 0;
    int outputs = 0;
    for (JavaExample example : examples()) {
      Path classes = Files.createTempDirectory(folder, "example");
      example.compile(classes);
      if (example.isRunnable()) {
        String printed = example.run(classes);
        programs++;
        if (!example.expectedOutput().isEmpty()) {
          assertEquals(example.expectedOutput(), printed, example.toString());
          outputs++;
        }
      }
    }
    assertTrue(programs >= 3 && outputs >= 2, programs + " programs, " + outputs + " outputs");
  }

  @Test
  void shouldShowOnlyPublicPackages() throws IOException {
    for (JavaExample example : examples()) {
      assertFalse(example.source().contains("lamb4j.internal"), example.toString());
    }
  }

  @Test
  void shouldKeepTheReadmeShort() throws IOException {
    long lines = Files.readString(MarkdownPage.README).lines().count();
    assertTrue(lines <= MOST_README_LINES, "lines in the README: " + lines);
  }

  @Test
  void shouldShowTheCurrentVersion() throws IOException {
    Matcher version =
        Pattern.compile("<version>([^<]+)</version>").matcher(Files.readString(Path.of("pom.xml")));
    assertTrue(version.find());
    String readme = Files.readString(MarkdownPage.README);
    assertTrue(readme.contains("<version>" + version.group(1) + "</version>"), "Maven");
    assertTrue(readme.contains("io.github.lamb4j:lamb4j:" + version.group(1) + "\""), "Gradle");
  }

  @Test
  void shouldLinkToWhatExists() throws IOException {
    for (MarkdownPage page : MarkdownPage.all()) {
      for (String link : page.links()) {
        if (!link.startsWith("http")) {
          requireTarget(page, link);
        }
      }
    }
  }

  private static void requireTarget(MarkdownPage page, String link) throws IOException {
    String[] parts = link.split("#", 2);
    Path target = parts[0].isEmpty() ? page.file() : page.file().resolveSibling(parts[0]);
    assertTrue(Files.exists(target.normalize()), page.file() + ": " + link);
    if (parts.length == 2) {
      Set<String> anchors = MarkdownPage.read(target.normalize()).anchors();
      assertTrue(anchors.contains(parts[1]), page.file() + ": " + link + " of " + anchors);
    }
  }

  @Test
  void shouldListEveryGuide() throws IOException {
    List<String> readme = MarkdownPage.read(MarkdownPage.README).links();
    String site = Files.readString(Path.of("src/site/site.xml"));
    try (Stream<Path> guides = Files.list(MarkdownPage.GUIDES)) {
      for (Path guide : guides.toList()) {
        assertTrue(readme.contains(guide.toString().replace('\\', '/')), "README: " + guide);
        String page = guide.getFileName().toString().replace(".md", ".html");
        assertTrue(site.contains("href=\"" + page + "\""), "site.xml: " + page);
      }
    }
  }

  @Test
  void shouldNameFilesThatExist() throws IOException {
    Set<String> names = fileNames();
    for (MarkdownPage page : MarkdownPage.all()) {
      for (String span : page.codeSpans()) {
        String message = page.file() + ": " + span;
        if (PATH.matcher(span).matches()) {
          assertTrue(Files.exists(Path.of(span)), message);
        } else if (FILE.matcher(span).matches()) {
          assertTrue(names.contains(span), message);
        } else if (TEST.matcher(span).matches()) {
          assertTrue(names.contains(span + ".java"), message);
        }
      }
    }
  }

  private static Set<String> fileNames() throws IOException {
    Set<String> names = new HashSet<>();
    for (String root : List.of("src", "kernels", ".github")) {
      try (Stream<Path> files = Files.walk(Path.of(root))) {
        files.forEach(file -> names.add(file.getFileName().toString()));
      }
    }
    names.addAll(List.of("README.md", "pom.xml"));
    return names;
  }

  @Test
  void shouldNameATestForEveryFeature() throws IOException {
    Set<String> names = fileNames();
    List<String> rows =
        MarkdownPage.guide("comparison.md")
            .text()
            .lines()
            .filter(line -> line.startsWith("| ") && !line.startsWith("| Feature "))
            .toList();
    assertTrue(rows.size() > 20, "rows: " + rows.size());
    for (String row : rows) {
      String[] cells = row.split("\\|");
      String test = cells[cells.length - 1].strip().replace("`", "");
      assertTrue(TEST.matcher(test).matches() && names.contains(test + ".java"), row);
    }
  }

  @Test
  void shouldDescribeEveryPresetAndHyperparameter() throws IOException {
    List<String> spans = MarkdownPage.guide("presets.md").codeSpans();
    for (Preset preset : Preset.values()) {
      assertTrue(spans.contains(preset.name()), preset.name());
    }
    for (Method method : Hyperparameters.class.getMethods()) {
      if (method.getName().startsWith("with")) {
        String name = method.getName().substring(4);
        String property = name.substring(0, 1).toLowerCase(Locale.ROOT) + name.substring(1);
        assertTrue(spans.contains(property.equals("betas") ? "beta1" : property), property);
      }
    }
  }
}
