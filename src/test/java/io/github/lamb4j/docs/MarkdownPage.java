package io.github.lamb4j.docs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A page of the documentation, split into fenced blocks and prose. */
public record MarkdownPage(Path file, String text, List<Block> blocks) {

  /** The page that a visitor of the repository sees first. */
  static final Path README = Path.of("README.md");

  /** The guides. */
  static final Path GUIDES = Path.of("src/site/markdown");

  private static final Path CONTRACT = Path.of("kernels/NUMERICS.md");
  private static final Path COMMUNITY = Path.of(".github");

  private static final Pattern FENCE =
      Pattern.compile("^```(\\w*)\\n(.*?)^```\\n?", Pattern.MULTILINE | Pattern.DOTALL);
  private static final Pattern SPAN = Pattern.compile("`([^`\\n]+)`");
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");
  private static final Pattern HEADING = Pattern.compile("^#+ (.+)$", Pattern.MULTILINE);

  /**
   * A fenced block.
   *
   * @param language the word after the fence, or an empty string
   * @param output the {@code text} block right after this one, or an empty string
   */
  public record Block(Path file, String language, String code, String output) {

    /** The lines, with those that end in a backslash joined to the next. */
    public List<String> lines() {
      return code.replaceAll("\\\\\\n\\s*", "").lines().toList();
    }

    @Override
    public String toString() {
      return file + ": " + code.lines().findFirst().orElse("");
    }
  }

  /** Every page of the repository. */
  public static List<MarkdownPage> all() throws IOException {
    List<MarkdownPage> pages = new ArrayList<>(List.of(read(README), read(CONTRACT)));
    for (Path folder : List.of(GUIDES, COMMUNITY)) {
      try (Stream<Path> files = Files.list(folder)) {
        for (Path file : files.filter(f -> f.toString().endsWith(".md")).sorted().toList()) {
          pages.add(read(file));
        }
      }
    }
    return pages;
  }

  public static MarkdownPage guide(String name) throws IOException {
    return read(GUIDES.resolve(name));
  }

  static MarkdownPage read(Path file) throws IOException {
    String text = Files.readString(file);
    List<MatchResult> fences = FENCE.matcher(text).results().toList();
    List<Block> blocks = new ArrayList<>();
    for (int i = 0; i < fences.size(); i++) {
      MatchResult fence = fences.get(i);
      MatchResult next = i + 1 < fences.size() ? fences.get(i + 1) : null;
      boolean hasOutput =
          next != null
              && next.group(1).equals("text")
              && text.substring(fence.end(), next.start()).isBlank();
      blocks.add(new Block(file, fence.group(1), fence.group(2), hasOutput ? next.group(2) : ""));
    }
    return new MarkdownPage(file, text, blocks);
  }

  /** The text without its fenced blocks. */
  String prose() {
    return FENCE.matcher(text).replaceAll("");
  }

  /** What is set as code within the prose. */
  public List<String> codeSpans() {
    return matches(SPAN);
  }

  List<String> links() {
    return matches(LINK);
  }

  /** The anchors that GitHub gives the headings. */
  Set<String> anchors() {
    return matches(HEADING).stream()
        .map(h -> h.toLowerCase(Locale.ROOT).replaceAll("[^\\w\\s-]", "").replace(' ', '-'))
        .collect(Collectors.toCollection(HashSet::new));
  }

  private List<String> matches(Pattern pattern) {
    List<String> found = new ArrayList<>();
    Matcher matcher = pattern.matcher(prose());
    while (matcher.find()) {
      found.add(matcher.group(1));
    }
    return found;
  }
}
