/** Installed packages: filter, groups, the table, details of one, and what to do with those that are selected. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { Button, InputGroup } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { ICartItem } from '../../models/page/cart';
import { GROUPS, Group, IRow, isManaged } from '../../models/page/packageRows';
import type { PackagesModel } from '../../models/page/packages';
import type { PageModel } from '../../models/page/page';
import { formatBytes } from '../format';
import { PackageDetails } from './packageDetails';
import { PackageTable } from './packageTable';
import { Empty, Failed, Loading } from './states';
import { useModel } from './useModel';

export interface IPackagesTabProps {
  readonly page: PageModel;
  readonly trans: TranslationBundle;
  readonly prefix: string;
}

export function PackagesTab(props: IPackagesTabProps): JSX.Element {
  const { page, trans } = props;
  const model = page.packages;
  useModel(model);
  useModel(page.cart);
  const { installed } = model;
  if (installed.value === null) {
    return installed.problem ? (
      <Failed problem={installed.problem} trans={trans} onRetry={() => void model.show()} />
    ) : (
      <Loading>{trans.__('Reading the packages…')}</Loading>
    );
  }
  if (installed.value.length === 0) {
    return (
      <Empty title={trans.__('Nothing is installed yet')}>
        {!page.obstacle && (
          <Button className="jp-mod-styled jp-mod-accept" onClick={() => page.setTab('add')}>
            {trans.__('Add packages')}
          </Button>
        )}
      </Empty>
    );
  }
  return (
    <div className="jp-envs-Packages">
      <Filters {...props} />
      {installed.problem && (
        <Failed problem={installed.problem} trans={trans} onRetry={() => void installed.refresh()} />
      )}
      {model.updates.problem && <p className="jp-envs-PageNote">{model.updates.problem.message}</p>}
      <div className="jp-envs-Split">
        <Table {...props} />
        {model.open && <Details {...props} row={model.open} />}
      </div>
      <Footer {...props} />
    </div>
  );
}

function Table(props: IPackagesTabProps): JSX.Element {
  const { page, trans } = props;
  const model = page.packages;
  return (
    <PackageTable
      id={`${props.prefix}-packages`}
      rows={model.rows}
      order={model.order}
      selected={model.selected}
      open={model.open?.package.name ?? ''}
      cart={page.cart}
      readOnly={page.obstacle !== null}
      trans={trans}
      onSort={column => model.sortBy(column)}
      onToggle={name => model.toggle(name)}
      onRange={(from, to) => model.selectRange(from, to)}
      onAll={all => model.selectAll(all)}
      onOpen={name => model.setOpen(name)}
      onRemove={name => putAll(page, [name], removal)}
      empty={emptyText(model, trans)}
    />
  );
}

function Details(props: IPackagesTabProps & { row: IRow }): JSX.Element {
  const { page, trans, row } = props;
  const model = page.packages;
  return (
    <PackageDetails
      row={row}
      why={model.why}
      trans={trans}
      pending={page.cart.find(row.package.name) !== null}
      readOnly={page.obstacle !== null}
      onWhy={() => void model.askWhy()}
      onOpen={name => model.setOpen(name)}
      onClose={() => model.setOpen('')}
      onUpdate={() => page.cart.put(update(row))}
      onRemove={() => page.cart.put(removal(row))}
      onChoose={() => page.chooseVersion(row.package.name, row.package.source)}
    />
  );
}

function Filters(props: IPackagesTabProps): JSX.Element {
  const { page, trans } = props;
  const model = page.packages;
  const labels = groupLabels(trans);
  return (
    <div className="jp-envs-PageBar">
      <InputGroup
        className="jp-envs-PageBar-filter"
        type="search"
        rightIcon="ui-components:search"
        placeholder={trans.__('Filter packages')}
        aria-label={trans.__('Filter packages')}
        value={model.text}
        spellCheck={false}
        onChange={event => model.setText(event.target.value)}
      />
      <div className="jp-envs-Chips" role="group" aria-label={trans.__('Which packages')}>
        {GROUPS.map(group => (
          <button
            key={group}
            className="jp-envs-ChipButton"
            aria-pressed={model.group === group}
            onClick={() => model.setGroup(group)}
          >
            {labels[group]} <span className="jp-envs-ChipButton-count">{countText(model, group)}</span>
          </button>
        ))}
      </div>
      {!page.obstacle && <Actions {...props} />}
    </div>
  );
}

function Actions(props: IPackagesTabProps): JSX.Element {
  const { page, trans } = props;
  const model = page.packages;
  const chosen = model.rows.filter(row => model.selected.has(row.package.name));
  const updatable = chosen.filter(row => row.update);
  return (
    <div className="jp-envs-PageBar-actions">
      <Button
        className="jp-mod-styled"
        disabled={updatable.length === 0}
        onClick={() => putAll(page, updatable.map(nameOf), update)}
      >
        {trans.__('Update')}
      </Button>
      <Button
        className="jp-mod-styled"
        disabled={chosen.length === 0}
        onClick={() => putAll(page, chosen.map(nameOf), removal)}
      >
        {trans.__('Remove')}
      </Button>
      <Button className="jp-mod-styled jp-mod-accept" onClick={() => page.setTab('add')}>
        {trans.__('Add…')}
      </Button>
    </div>
  );
}

function Footer(props: IPackagesTabProps): JSX.Element {
  const { trans } = props;
  const model = props.page.packages;
  const size = model.rows.reduce((sum, row) => sum + row.package.size, 0);
  const texts = [trans._n('%1 package', '%1 packages', model.rows.length), formatBytes(size)];
  if (model.selected.size > 0) {
    texts.push(trans._n('%1 selected', '%1 selected', model.selected.size));
  }
  if (model.updates.loading || model.updates.value?.complete === false) {
    texts.push(trans.__('looking for newer versions…'));
  }
  return (
    <p className="jp-envs-Footer" role="status">
      {texts.join(' · ')}
    </p>
  );
}

function nameOf(row: IRow): string {
  return row.package.name;
}

/** Put a wish for each of some installed packages into the cart; the selection has then done its work. */
function putAll(page: PageModel, names: readonly string[], wish: (row: IRow) => ICartItem): void {
  const wanted = new Set(names);
  const rows = page.packages.rows.filter(row => wanted.has(nameOf(row)) && isManaged(row.package));
  page.cart.put(...rows.map(wish));
  page.packages.selectAll(false);
}

function update(row: IRow): ICartItem {
  return { name: row.package.name, action: 'update', spec: row.package.name, version: row.update };
}

function removal(row: IRow): ICartItem {
  return { name: row.package.name, action: 'remove', spec: row.package.name, version: '' };
}

function countText(model: PackagesModel, group: Group): string {
  return group === 'updates' && model.updates.value === null ? '…' : String(model.counts[group]);
}

function groupLabels(trans: TranslationBundle): Record<Group, string> {
  return {
    all: trans.__('All'),
    requested: trans.__('Requested'),
    dependencies: trans.__('Dependencies'),
    updates: trans.__('Updates')
  };
}

function emptyText(model: PackagesModel, trans: TranslationBundle): string {
  if (model.text.trim()) {
    return trans.__('No package has “%1” in its name or summary', model.text.trim());
  }
  return model.group === 'updates'
    ? model.updates.value === null
      ? trans.__('Looking for newer versions…')
      : trans.__('Everything is as new as its source offers')
    : trans.__('No such packages');
}
