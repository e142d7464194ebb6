# A formula for a tap. `.ci/packages` fills in URL and checksum of the binary that it built.
class Overstep < Formula
  desc "Contract tests for HTTP APIs"
  version "@VERSION@"
  license any_of: ["MIT", "Apache-2.0"]

  on_linux do
    on_intel do
      url "@URL@"
      sha256 "@SHA256@"
    end
  end

  def install
    bin.install "overstep"
    generate_completions_from_executable(bin/"overstep", "completions")
    system bin/"overstep", "man", "--dir", buildpath/"man"
    man1.install Dir[buildpath/"man/*.1"]
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/overstep --version")
  end
end
