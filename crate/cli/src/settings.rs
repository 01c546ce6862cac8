use nas_member::{Member, SettingValue};

use crate::failure::Failure;

/// Reads `--set` options, `MEMBER.NAME=VALUE`, as settings of these members; `nobody` says that none has such a setting.
pub(crate) fn parse(
    texts: &[String],
    members: &[Member],
    nobody: &str,
) -> Result<Vec<(String, SettingValue)>, Failure> {
    let parse = |text: &String| {
        let refused = |problem: &str| Failure::Input(format!("--set {text}: {problem}"));
        let (key, value) = text.split_once('=').ok_or_else(|| refused("no '='"))?;
        let setting = members.iter().find_map(|member| {
            let name = key.strip_prefix(member.id)?.strip_prefix('.')?;
            member.settings.iter().find(|setting| setting.name == name)
        });
        let setting = setting.ok_or_else(|| refused(nobody))?;
        let value = setting.parse(value).map_err(|error| refused(&error.to_string()))?;
        Ok((key.to_owned(), value))
    };
    texts.iter().map(parse).collect()
}
