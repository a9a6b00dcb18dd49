/** The progress of long commands: a bar on a terminal, lines in a log. */
package io.github.lamb4j.tools.progress;
