/** Search for packages and choose versions; what is chosen goes into the cart. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { InputGroup } from '@jupyterlab/ui-components';
import * as React from 'react';

import { specOf } from '../../models/page/cart';
import type { PageModel } from '../../models/page/page';
import type { IFound } from '../../services/catalogue/interfaces';
import type { IAllowance } from '../../services/policy/interfaces';
import { FoundList } from './foundList';
import { Empty, Failed, Loading } from './states';
import { useModel } from './useModel';
import { VersionChooser } from './versionChooser';

export interface IAddTabProps {
  readonly page: PageModel;
  readonly trans: TranslationBundle;
  readonly prefix: string;
}

export function AddTab(props: IAddTabProps): JSX.Element {
  const { page, trans } = props;
  const model = page.search;
  const list = React.useRef<HTMLUListElement>(null);
  const input = React.useRef<HTMLInputElement>(null);
  useModel(model);
  useModel(page.cart);
  useModel(page.allowance);
  React.useEffect(() => input.current?.focus(), []);
  React.useEffect(() => page.allowance.look(), [page]);
  const onKeyDown = (event: React.KeyboardEvent): void => {
    if (event.key === 'ArrowDown' || event.key === 'Enter') {
      event.preventDefault();
      list.current?.querySelector<HTMLElement>('button[tabindex="0"]')?.focus();
    } else if (event.key === 'Escape' && model.text) {
      event.preventDefault();
      model.setText('');
    }
  };
  return (
    <div className="jp-envs-Add">
      <div className="jp-envs-PageBar">
        <InputGroup
          className="jp-envs-PageBar-filter jp-envs-PageBar-wide"
          type="search"
          rightIcon="ui-components:search"
          inputRef={input}
          placeholder={trans.__('Search for packages to add')}
          aria-label={trans.__('Search for packages')}
          value={model.text}
          spellCheck={false}
          onChange={event => model.setText(event.target.value)}
          onKeyDown={onKeyDown}
        />
        <span className="jp-envs-PageBar-note" role="status">
          {statusText(page, trans)}
        </span>
      </div>
      {page.search.answer?.problems.map(problem => (
        <p key={problem.channel} className="jp-envs-PageBar jp-envs-PageNote">
          {trans.__('Names of %1 are missing: %2', problem.channel, problem.message)}
        </p>
      ))}
      <div className="jp-envs-Split">
        <div className="jp-envs-Add-found">
          <Found {...props} listRef={list} />
        </div>
        <Versions {...props} />
      </div>
    </div>
  );
}

/** The versions of the package that is looked at. */
function Versions(props: IAddTabProps): JSX.Element | null {
  const { page, trans } = props;
  const { looked, versions } = page.search;
  if (!looked || !versions) {
    return null;
  }
  return (
    <VersionChooser
      key={`${looked.source} ${looked.name}`}
      looked={looked}
      versions={versions}
      installed={installedVersion(page, looked.name)}
      item={page.cart.find(looked.name)}
      quarantine={page.allowance.allowance?.quarantine_days ?? null}
      trans={trans}
      onPut={item => page.cart.put(item)}
      onTake={name => page.cart.take(name)}
      onClose={() => page.search.look(null)}
    />
  );
}

function Found(props: IAddTabProps & { listRef: React.RefObject<HTMLUListElement> }): JSX.Element {
  const { page, trans } = props;
  const model = page.search;
  if (model.problem) {
    return <Failed problem={model.problem} trans={trans} onRetry={() => model.again()} />;
  }
  if (!model.text.trim()) {
    return (
      <Empty title={trans.__('Type a name')}>
        <p>{trans.__('Names come from all sources of this environment: channels, the Python index, this machine.')}</p>
        {rulesText(page.allowance.allowance, trans).map(text => (
          <p key={text}>{text}</p>
        ))}
      </Empty>
    );
  }
  if (!model.answer) {
    return <Loading>{trans.__('Searching…')}</Loading>;
  }
  if (model.answer.results.length === 0) {
    return model.searching ? (
      <Loading>{trans.__('Searching…')}</Loading>
    ) : (
      <Empty title={trans.__('No source has a package like “%1”', model.text.trim())}>
        <p>{trans.__('Names of imports and of packages can differ: cv2 is in opencv, sklearn in scikit-learn.')}</p>
      </Empty>
    );
  }
  return (
    <FoundList
      listRef={props.listRef}
      results={model.answer.results}
      looked={model.looked}
      cart={page.cart}
      trans={trans}
      onLook={found => model.look(found)}
      onAdd={found => add(page, found)}
      onTake={name => page.cart.take(name)}
    />
  );
}

function add(page: PageModel, found: IFound): void {
  page.cart.put({ name: found.name, action: 'install', spec: specOf(found.name, found.source, ''), version: '' });
}

function installedVersion(page: PageModel, name: string): string {
  const known = page.search.answer?.results.find(found => found.name === name)?.installed;
  return known ?? page.packages.installed.value?.find(each => each.name === name)?.version ?? '';
}

/** What of the administrator's rules is good to know before one chooses. */
function rulesText(allowance: IAllowance | null, trans: TranslationBundle): string[] {
  const { channels = null, quarantine_days: days = null } = allowance ?? {};
  const texts = [
    channels && trans.__('Channels that are allowed: %1.', channels.join(', ')),
    days !== null &&
      days > 0 &&
      trans._n('Versions wait for %1 day after they were published.', 'Versions wait for %1 days after they were published.', days)
  ];
  return texts.filter((text): text is string => Boolean(text));
}

function statusText(page: PageModel, trans: TranslationBundle): string {
  const { answer, searching, text } = page.search;
  if (!text.trim() || !answer) {
    return '';
  }
  const found = trans._n('%1 name', '%1 names', answer.results.length);
  return searching ? trans.__('%1, still searching…', found) : found;
}
